/**
 * A set-up without a process: the same files in memory, the same core, no socket.
 *
 * @module
 */
import { nodeRuntime } from '../../adapters/node/runtime.ts'
import { drivers } from '../../adapters/node/stores.ts'
import { loadConfiguration } from '../../src/component/load-configuration.ts'
import { loadResources } from '../../src/component/load-resources.ts'
import { formatDiagnostic, hasErrors } from '../../src/diagnostic.ts'
import { FileError } from '../../src/runtime.ts'
import { createSecrets, type Secrets } from '../../src/secrets.ts'
import type { OpenedFace, RefusedFace, ReplayFace } from './faces.ts'
import type { RecordedSetup } from './vectors.ts'

/** Puts a set-up together as `serve` does, and looks at it through the face that `faceOf` makes. */
export async function openInProcess(
  setup: RecordedSetup,
  faceOf: (secrets: Secrets) => ReplayFace,
): Promise<OpenedFace | RefusedFace> {
  const printed: string[] = []
  const runtime = {
    ...nodeRuntime(setup.env, (_level, message) => printed.push(message)),
    readFile: async (path: string) => {
      const text = setup.files[path]
      if (text === undefined) throw new FileError(path, 'no such file or directory')
      return new TextEncoder().encode(text)
    },
  }
  const { appId, allowedOrigins = '', maxBodySize } = setup.args
  const configurationFiles =
    setup.configuration === undefined ? [] : [{ path: 'config.yaml', text: setup.configuration }]
  const loaded = loadConfiguration(configurationFiles, runtime.env)
  const namespace = runtime.env.get('NAMESPACE')
  const resourceTexts = [...setup.components, ...setup.resources]
  const resources = loadResources(
    resourceTexts.map((text, index) => ({ path: `resources/${String(index).padStart(3, '0')}.yaml`, text })),
    {
      appId,
      deniedComponents: loaded.configuration.deniedComponents,
      ...(namespace === undefined ? {} : { namespace }),
    },
  )
  const secrets = await createSecrets({
    components: resources.components,
    configuration: loaded.configuration,
    resiliency: resources.resiliency,
    drivers,
    runtime,
    appId,
    token: setup.env['DAPR_API_TOKEN'],
    allowedOrigins,
    ...(maxBodySize === undefined ? {} : { maxBodySize: Number(maxBodySize) }),
    withoutToken: 'refuse foreign hosts',
  })
  const diagnostics = [...loaded.diagnostics, ...resources.diagnostics, ...secrets.diagnostics]
  if (hasErrors(diagnostics)) {
    const log = [...printed, ...diagnostics.map(formatDiagnostic)].join('\n')
    return { kind: 'refused', dataFolder: '/data/', log, problems: [] }
  }
  return { kind: 'opened', dataFolder: '/data/', ask: faceOf(secrets), close: async () => [] }
}
