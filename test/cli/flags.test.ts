import { afterEach, describe, expect, it } from 'vitest'
import { parseQuantity } from '../../cli/quantity.ts'
import type { ServeOptions } from '../../cli/serve-options.ts'
import { parseServeOptions } from '../../cli/serve-options.ts'
import { cleanUp, run } from './program.ts'

afterEach(cleanUp)

/**
 * Every flag of daprd 1.18 with a value it takes (dapr/dapr `cmd/daprd/options/options.go`, and the logger's
 * and metrics' flags it attaches), and whether it is a boolean there.
 */
const daprdFlags: readonly (readonly [name: string, value: string, type?: 'boolean'])[] = [
  ['actors-service', 'placement:localhost:50005'],
  ['allowed-origins', '*'],
  ['app-channel-address', '127.0.0.1'],
  ['app-health-check-path', '/healthz'],
  ['app-health-probe-interval', '5'],
  ['app-health-probe-timeout', '500'],
  ['app-health-threshold', '3'],
  ['app-id', 'orders'],
  ['app-max-concurrency', '-1'],
  ['app-port', '8080'],
  ['app-protocol', 'http'],
  ['app-ssl', 'true', 'boolean'],
  ['build-info', 'false', 'boolean'],
  ['components-path', './components'],
  ['config', './config.yaml'],
  ['control-plane-address', 'localhost:1'],
  ['control-plane-namespace', 'default'],
  ['control-plane-trust-domain', 'localhost'],
  ['dapr-block-shutdown-duration', '2s'],
  ['dapr-graceful-shutdown-seconds', '5'],
  ['dapr-grpc-port', '50001'],
  ['dapr-http-max-request-size', '4'],
  ['dapr-http-port', '3500'],
  ['dapr-http-read-buffer-size', '4'],
  ['dapr-internal-grpc-listen-address', '127.0.0.1'],
  ['dapr-internal-grpc-port', '50002'],
  ['dapr-listen-addresses', '127.0.0.1'],
  ['dapr-public-listen-address', '127.0.0.1'],
  ['dapr-public-port', '3501'],
  ['disable-builtin-k8s-secret-store', 'true', 'boolean'],
  ['disable-init-endpoints', 'config,subscribe'],
  ['enable-api-logging', 'true', 'boolean'],
  ['enable-app-health-check', 'true', 'boolean'],
  ['enable-metrics', 'false', 'boolean'],
  ['enable-mtls', 'false', 'boolean'],
  ['enable-profiling', 'false', 'boolean'],
  ['hot-reload-reconcile-interval', '60s'],
  ['log-as-json', 'true', 'boolean'],
  ['log-level', 'warning'],
  ['max-body-size', '4Mi'],
  ['metrics-listen-address', '127.0.0.1'],
  ['metrics-port', '9090'],
  ['mode', 'standalone'],
  ['placement-host-address', 'localhost:50005'],
  ['profile-port', '7777'],
  ['profiling-listen-address', '127.0.0.1'],
  ['read-buffer-size', '4Ki'],
  ['reminders-service', 'default'],
  ['resources-path', './components'],
  ['scheduler-host-address', 'localhost:50006'],
  ['scheduler-job-streams', '3'],
  ['sentry-address', 'localhost:50003'],
  ['sentry-request-jwt-audiences', 'a,b'],
  ['unix-domain-socket', '/tmp/dapr'],
  ['version', 'false', 'boolean'],
  ['wait', 'true', 'boolean'],
]

describe('the command line of serve', () => {
  it.each(daprdFlags.map((flag) => ({ flag, name: flag[0] })))('takes --$name as daprd does', ({ flag }) => {
    const [name, value, type] = flag
    const separate = type === 'boolean' ? [] : [value]
    const forms = [
      [`--${name}=${value}`],
      [`-${name}=${value}`],
      [`--${name}`, ...separate],
      [`-${name}`, ...separate],
    ]
    for (const form of forms) expect(parseServeOptions(form, true)).toHaveProperty('options')
  })

  it('is daprd’s defaults when it is empty, apart from the address', () => {
    expect(options([])).toEqual({
      appId: 'app',
      resourceFolders: [],
      configurationFiles: [],
      httpPort: 3500,
      listenAddresses: ['127.0.0.1'],
      publicPort: undefined,
      publicListenAddress: '127.0.0.1',
      socketFolder: undefined,
      allowedOrigins: '',
      maxBodySize: 4 << 20,
      readBufferSize: 4 << 10,
      gracefulShutdownSeconds: 5,
      apiLogging: false,
      logLevel: 'info',
      logAsJson: false,
      ignoredFlags: [],
    })
  })

  it('says which flags of daprd have no effect', () => {
    expect(options(['--app-port=80', '--wait', '--app-id=x']).ignoredFlags).toEqual(['app-port', 'wait'])
  })

  it('takes what is said last', () => {
    expect(options(['--app-id=a', '--app-id', 'b', '--log-as-json', '--log-as-json=false'])).toMatchObject({
      appId: 'b',
      logAsJson: false,
    })
  })

  it('takes a value that begins with a dash, and one that is empty', () => {
    expect(
      options(['--placement-host-address', '', '--app-max-concurrency', '-1', '--app-id=-x']).appId,
    ).toBe('-x')
    expect(options(['--dapr-http-port=', '--dapr-public-port=', '--app-id='])).toMatchObject({
      httpPort: 3500,
      publicPort: undefined,
      appId: 'app',
    })
  })

  it('collects folders and files that are repeated or separated by commas', () => {
    expect(
      options(['--resources-path=a,b', '--resources-path', 'c', '--config', 'x,y', '--config=z']),
    ).toMatchObject({
      resourceFolders: ['a', 'b', 'c'],
      configurationFiles: ['x', 'y', 'z'],
    })
  })

  it('reads --components-path as daprd does: one folder, and only without --resources-path', () => {
    expect(options(['--components-path', 'a', '--components-path=b,c']).resourceFolders).toEqual(['b,c'])
    expect(options(['--components-path', 'a', '--resources-path', 'b']).resourceFolders).toEqual(['b'])
  })

  it('prefers sizes with a unit to their older forms', () => {
    expect(options(['--dapr-http-max-request-size=1']).maxBodySize).toBe(1 << 20)
    expect(options(['--dapr-http-max-request-size=1', '--max-body-size=10']).maxBodySize).toBe(10)
    expect(options(['--dapr-http-read-buffer-size=16']).readBufferSize).toBe(16 << 10)
    expect(options(['--dapr-http-read-buffer-size=16', '--read-buffer-size=1Ki']).readBufferSize).toBe(1024)
    expect(options(['--max-body-size=0']).maxBodySize).toBe(0)
  })

  it.each([
    [['--dapr-http-port', '65536'], ['flag --dapr-http-port must be a whole number from 0 to 65535']],
    [['--dapr-http-port=-1'], ['flag --dapr-http-port must be a whole number from 0 to 65535']],
    [['--dapr-http-port=1e3'], ['flag --dapr-http-port must be a whole number from 0 to 65535']],
    [['--dapr-public-port=99999'], ['flag --dapr-public-port must be a whole number from 0 to 65535']],
    [['--max-body-size=lots'], ['flag --max-body-size must be a size such as 4Mi, 512Ki or 4096']],
    [['--log-level=loud'], ['flag --log-level must be one of debug, info, warn, error, fatal']],
    [['--mode=kubernetes'], ['flag --mode must be standalone: components are read from --resources-path']],
    [['--wait=perhaps'], ['flag --wait must be true or false']],
    [['--app-id'], ['flag --app-id needs a value']],
    [['--dapr-htp-port=1'], ['unknown flag --dapr-htp-port; did you mean --dapr-http-port?']],
    [['-resource-path', 'x'], ['unknown flag --resource-path; did you mean --resources-path?']],
    [['--zzzzzzzzzz'], ['unknown flag --zzzzzzzzzz']],
    [
      ['--app-id=../../x', '--unix-domain-socket=/tmp/dapr'],
      ['flag --app-id must hold no slash with --unix-domain-socket: the socket is named after it'],
    ],
    [['components'], ["unexpected argument 'components'"]],
  ])('refuses %j', (args, problems) => {
    expect(parseServeOptions(args, true)).toEqual({ problems })
  })

  it.each([
    '0.0.0.0',
    '::',
    '[::]',
    '192.0.2.1',
    'orders.internal',
    '127.0.0.1.example.com',
    '::ffff:10.0.0.1',
  ])('refuses to listen on %s without a token', (address) => {
    const args = [`--dapr-listen-addresses=127.0.0.1,${address}`]
    expect(parseServeOptions(args, false)).toEqual({
      problems: [expect.stringContaining(`--dapr-listen-addresses ${address} can be reached`)],
    })
    expect(parseServeOptions(args, true)).toHaveProperty('options')
    expect(parseServeOptions([...args, '--allow-unauthenticated'], false)).toHaveProperty('options')
  })

  it.each(['127.0.0.1', '127.1.2.3', 'localhost', '::1', '[::1]', '::ffff:127.0.0.1'])(
    'takes %s without a token',
    (address) => {
      expect(parseServeOptions([`--dapr-listen-addresses=${address}`], false)).toHaveProperty('options')
    },
  )

  it.each([[], ['--unix-domain-socket=/tmp/dapr']])(
    'refuses a public port beyond this machine without a token, with %j too',
    (...more) => {
      const address = '--dapr-public-listen-address=0.0.0.0'
      const args = ['--dapr-public-port=3501', address, ...more]
      expect(parseServeOptions(args, false)).toEqual({
        problems: [expect.stringContaining('--dapr-public-listen-address 0.0.0.0 can be reached')],
      })
      expect(parseServeOptions(args, true)).toHaveProperty('options')
      expect(parseServeOptions([...args, '--allow-unauthenticated'], false)).toHaveProperty('options')
      expect(parseServeOptions([address, ...more], false)).toHaveProperty('options')
      expect(parseServeOptions(['--dapr-public-port=3501', ...more], false)).toHaveProperty('options')
    },
  )

  it('takes an app id with a slash where it names no file', () => {
    expect(options(['--app-id=a/b']).appId).toBe('a/b')
  })
})

describe('a size', () => {
  it.each([
    ['4096', 4096],
    ['4Ki', 4096],
    ['4Mi', 4 << 20],
    ['1k', 1000],
    ['1M', 1_000_000],
    ['1.5Ki', 1536],
    ['.5Ki', 512],
    ['1e3', 1000],
    ['0.1', 1],
    ['-1', -1],
    ['0', 0],
  ])('%s is %d bytes', (text, bytes) => {
    expect(parseQuantity(text)).toBe(bytes)
  })

  it.each(['', 'lots', '4 Mi', '4mi', '4MB', 'Mi', '1e', '0x10', '1e400', '9e15Ki', 'constructor'])(
    '%j is none',
    (text) => {
      expect(parseQuantity(text)).toBeUndefined()
    },
  )
})

describe('the program', () => {
  it('names every problem of its command line at once, and then ends with 1', async () => {
    const { exit, stdout, stderr } = await run([
      'serve',
      ...[
        '--dapr-htp-port',
        '-mode=kubernetes',
        '--log-level',
        'loud',
        '--dapr-listen-addresses=0.0.0.0',
        'x',
      ],
    ])
    expect({ exit, stdout }).toEqual({ exit: 1, stdout: '' })
    expect(stderr.split('\n')).toEqual([
      'sidecarless serve: unknown flag --dapr-htp-port; did you mean --dapr-http-port?',
      "sidecarless serve: unexpected argument 'x'",
      'sidecarless serve: flag --log-level must be one of debug, info, warn, error, fatal',
      'sidecarless serve: flag --mode must be standalone: components are read from --resources-path',
      'sidecarless serve: --dapr-listen-addresses 0.0.0.0 can be reached from other machines and there is no ' +
        'token: set DAPR_API_TOKEN, or pass --allow-unauthenticated to serve secrets to anyone',
      'Run sidecarless serve --help for the flags.',
      '',
    ])
  })

  it('names every problem of the command line of check', async () => {
    const { exit, stdout, stderr } = await run(['check', '--strickt', '--conifg=x'])
    expect({ exit, stdout }).toEqual({ exit: 1, stdout: '' })
    expect(stderr.split('\n')).toEqual([
      'sidecarless check: unknown flag --strickt; did you mean --strict?',
      'sidecarless check: unknown flag --conifg; did you mean --config?',
      'sidecarless check: say which folder to check: sidecarless check ./components',
      'Run sidecarless check --help for the flags.',
      '',
    ])
  })

  it.each(['--version', 'version', 'serve --version', 'serve --build-info'])(
    'prints its version and daprd’s for %s',
    async (commandLine) => {
      expect(await run(commandLine.split(' '))).toEqual({
        exit: 0,
        stdout: expect.stringMatching(/^sidecarless \d+\.\d+\.\d+ \(Dapr secrets API 1\.18\.3\)\n$/),
        stderr: '',
      })
    },
  )

  it.each([['--help'], ['-h'], ['help']])('prints its commands for %s', async (argument) => {
    const { exit, stdout, stderr } = await run([argument])
    expect({ exit, stderr }).toEqual({ exit: 0, stderr: '' })
    expect(stdout).toContain('sidecarless serve ')
    expect(stdout).toContain('sidecarless check ')
  })

  it.each([['serve'], ['check']])('prints the flags of %s, also beside a mistake', async (command) => {
    const { exit, stdout, stderr } = await run([command, '--nonsense', '--help'])
    expect({ exit, stderr }).toEqual({ exit: 0, stderr: '' })
    expect(stdout).toMatch(new RegExp(`^Usage: sidecarless ${command} `))
    expect(stdout).toMatch(/^ {2}--resources-path DIR +\S/m)
    expect(Math.max(...stdout.split('\n').map((line) => line.length))).toBeLessThan(110)
  })

  it('prints its commands and ends with 1 when it is told nothing', async () => {
    expect(await run([])).toMatchObject({ exit: 1, stdout: expect.stringContaining('Usage') })
  })

  it.each([
    ['serv', "unknown command 'serv'; did you mean 'serve'?"],
    ['deploy', "unknown command 'deploy'; commands are serve, check"],
    ['constructor', "unknown command 'constructor'; commands are serve, check"],
  ])('knows no command %s', async (command, message) => {
    expect(await run([command])).toEqual({ exit: 1, stdout: '', stderr: `sidecarless: ${message}\n` })
  })
})

function options(args: readonly string[]): ServeOptions {
  const parsed = parseServeOptions(args, true)
  if ('problems' in parsed) throw new Error(parsed.problems.join('\n'))
  return parsed.options
}
