import { readFile } from 'node:fs/promises'
import { request } from 'node:https'
import { describe, expect, inject, it } from 'vitest'
import { openListeners } from '../../scripts/servers/listeners.ts'
import { serverNames } from '../../scripts/servers/start.ts'
import { withServer } from './with-server.ts'

/** A path that each answers 200 without credentials. */
const open = {
  ministack: '/_ministack/health',
  'ministack-open': '/_ministack/health',
  moto: '/moto-api/data.json',
  openbao: '/v1/sys/health',
}

for (const name of serverNames) {
  withServer(name, ({ url, pid, log }) => {
    it('answers on loopback', async () => {
      expect(new URL(url).hostname).toBe('127.0.0.1')
      expect((await fetch(`${url}${open[name]}`)).status).toBe(200)
    })

    it('listens nowhere else', () => {
      expect(openListeners(pid)).toEqual([])
    })

    it('has written a log', async () => {
      expect(await readFile(log, 'utf8')).not.toBe('')
    })
  })
}

withServer('openbao', ({ tls }) => {
  it.each(['127.0.0.1', 'localhost'])('answers over TLS as %s to who trusts its authority', async (host) => {
    const { port } = new URL(tls?.url ?? '')
    const status = new Promise((resolve, reject) => {
      const path = '/v1/sys/health'
      request({ host, port, path, ca: tls?.ca, family: 4 }, ({ statusCode }) => resolve(statusCode))
        .once('error', reject)
        .end()
    })
    expect(await status).toBe(200)
  })
})

describe('the servers of a run', () => {
  it('are processes of their own', () => {
    const pids = Object.values(inject('servers')).flatMap((server) => ('pid' in server ? [server.pid] : []))
    expect(new Set(pids).size).toBe(pids.length)
  })
})
