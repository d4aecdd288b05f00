import { generateKeyPairSync, sign } from 'node:crypto'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { rootCertificates } from 'node:tls'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { hashicorpVault } from '../../src/stores/hashicorp-vault.ts'
import { describeSecretStore } from '../conformance/secret-store.ts'
import { fakeClock } from '../fakes/clock.ts'
import { outcomeOf } from './start-store.ts'
import { ownName, pathOf, secondOpinion, vaultRoot, vaultStore } from './vault.ts'
import { withServer } from './with-server.ts'

withServer('openbao', ({ url, tls }) => {
  const root = vaultRoot(url)

  describeSecretStore('hashicorp.vault on openbao', {
    driver: hashicorpVault,
    severalKeys: true,
    missing: 'error',
    async make(secrets) {
      const engine = await root.mount()
      // Where nothing ever was, a vault has no folder to list.
      await root.put(engine, { deleted: { key: 'gone' }, ...secrets })
      await root.call('DELETE', `${engine}/data/dapr/deleted`)
      return (await vaultStore(root, { enginePath: engine })).store
    },
  })

  describe('a secret read by the store and by another client', () => {
    let engine = ''
    beforeAll(async () => {
      engine = await root.mount()
      await root.put(engine, {
        db: { user: 'u', key: 'one' },
        deleted: { key: 'x' },
        destroyed: { key: 'x' },
      })
      await root.put(engine, { db: { user: 'u', key: 'two' }, destroyed: { key: 'y' }, none: {} })
      await root.put(engine, { db: { user: 'u', key: 'three' } })
      await root.call('DELETE', `${engine}/data/dapr/deleted`)
      await root.call('PUT', `${engine}/destroy/dapr/destroyed`, { versions: [2] })
    })

    it.each([
      ['by name', 'db', undefined, { values: { user: 'u', key: 'three' } }],
      ['by version', 'db', '2', { values: { user: 'u', key: 'two' } }],
      ['by version 0', 'db', '0', { values: { user: 'u', key: 'three' } }],
      ['of a version that is not there', 'db', '4', { kind: 'not-found' }],
      ['of a version that is none', 'db', 'abc', { kind: 'invalid' }],
      ['that is deleted', 'deleted', undefined, { kind: 'not-found' }],
      ['of a version that is destroyed', 'destroyed', '2', { kind: 'not-found' }],
      ['of a version before that', 'destroyed', '1', { values: { key: 'x' } }],
      ['without keys', 'none', undefined, { values: {} }],
      ['that is not there', 'nope', undefined, { kind: 'not-found' }],
    ])('%s is the same, or fails for the same reason', async (_, name, version, expected) => {
      const metadata: Readonly<Record<string, string>> = version === undefined ? {} : { version_id: version }
      const { store } = await vaultStore(root, { enginePath: engine })
      expect(await outcomeOf(store, name, metadata)).toEqual(expected)
      const asked = await root.call('GET', `${engine}/data/dapr/${name}?version=${version ?? 0}`)
      if ('values' in expected) expect(JSON.parse(asked.text).data.data).toEqual(expected.values)
      else expect(asked.status).toBe(expected.kind === 'invalid' ? 400 : 404)
    })

    it('is the same under the longest and the oddest names', async () => {
      const names = [
        'long/'.padEnd(400, 'x'),
        'a?b#c',
        'a%2Fb',
        'a\\b',
        '+',
        '*',
        ' a ',
        '%2e%2e',
        '..x',
        '~!@$&()=,;',
      ]
      const own = await root.mount()
      await root.put(own, Object.fromEntries(names.map((name) => [name, { name }])))
      const { store } = await vaultStore(root, { enginePath: own })
      for (const name of names) {
        expect(await secondOpinion(url, `${own}/data/dapr/${pathOf(name)}`)).toEqual({ values: { name } })
        expect(await outcomeOf(store, name)).toEqual({ values: { name } })
      }
      const bulk = await store.getBulkSecret({ metadata: new Map() })
      expect([...(bulk?.keys() ?? [])].sort()).toEqual([...names].sort())
    })

    it('is the same a hundred times at once', async () => {
      const { store } = await vaultStore(root, { enginePath: engine })
      const outcomes = await Promise.all(Array.from({ length: 100 }, () => outcomeOf(store, 'db')))
      expect(new Set(outcomes.map((outcome) => JSON.stringify(outcome))).size).toBe(1)
      expect(outcomes[0]).toEqual({ values: { user: 'u', key: 'three' } })
    })

    it('says what the vault wrote where a value is no string', async () => {
      const own = await root.mount()
      const data = { n: 5432, f: 1.5, flag: true, no: null, o: { b: [1], a: '<' }, s: '<' }
      await root.put(own, { mixed: data })
      const map = await vaultStore(root, { enginePath: own })
      expect(await outcomeOf(map.store, 'mixed')).toEqual({
        values: { n: '5432', f: '1.5', flag: 'true', no: '', o: '{"a":"\\u003c","b":[1]}', s: '<' },
      })
      const text = await vaultStore(root, { enginePath: own, vaultValueType: 'text' })
      const { text: body } = await root.call('GET', `${own}/data/dapr/mixed`)
      const outcome = await outcomeOf(text.store, 'mixed')
      const given = 'values' in outcome ? (outcome.values['mixed'] ?? '') : ''
      expect(body).toContain(`"data":${given},"metadata"`)
      expect(JSON.parse(given)).toEqual(data)
    })

    it('has no values where an engine of version 1 answers', async () => {
      const own = await root.mount(1)
      await root.call('POST', `${own}/data/dapr/db`, { user: 'u' })
      const { store } = await vaultStore(root, { enginePath: own })
      expect(await store.getSecret({ name: 'db', metadata: new Map() })).toEqual({ values: undefined })
      expect(await outcomeOf(store, 'nope')).toEqual({ kind: 'not-found' })
    })

    it('is not there without an engine', async () => {
      const { store } = await vaultStore(root, { enginePath: ownName() })
      expect(await outcomeOf(store, 'db')).toEqual({ kind: 'not-found' })
      await expect(store.getBulkSecret({ metadata: new Map() })).rejects.toMatchObject({ kind: 'not-found' })
    })
  })

  describe('many secrets in many folders', () => {
    let engine = ''
    const names = Array.from({ length: 120 }, (_, index) => `folder-${index % 7}/${index % 3}/${index}`)
    beforeAll(async () => {
      engine = await root.mount()
      await root.put(engine, Object.fromEntries([...names, 'folder-1'].map((name) => [name, { name }])))
    })

    it('are all read in bulk, also by who may do no more than that', async () => {
      const vaultToken = await root.token({
        [`${engine}/metadata/dapr/*`]: ['list'],
        [`${engine}/data/dapr/*`]: ['read'],
      })
      const { store } = await vaultStore(root, { enginePath: engine, vaultToken })
      const secrets = await store.getBulkSecret({ metadata: new Map() })
      const read = [...(secrets ?? [])].map(([name, values]) => [name, values?.get('name')]).sort()
      expect(read).toEqual([...names, 'folder-1'].sort().map((name) => [name, name]))
    })

    it('are read in bulk but for those that a scope denies', async () => {
      const { store, sent } = await vaultStore(root, { enginePath: engine })
      const isAllowed = (name: string) => name === 'folder-1'
      const secrets = await store.getBulkSecret({ metadata: new Map(), isAllowed })
      expect([...(secrets?.keys() ?? [])]).toEqual(['folder-1'])
      expect(sent.filter(({ url: asked }) => asked.includes('/data/'))).toHaveLength(1)
    })

    it.each([
      ['listing', { data: ['read'] }],
      ['reading', { metadata: ['list'] }],
    ] as const)('are denied whole where %s is', async (_, allowed) => {
      const paths = Object.entries(allowed).map(([area, may]) => [`${engine}/${area}/dapr/*`, may])
      const vaultToken = await root.token(Object.fromEntries(paths))
      const { store } = await vaultStore(root, { enginePath: engine, vaultToken })
      const bulk = Promise.resolve(store.getBulkSecret({ metadata: new Map() }))
      await expect(bulk).rejects.toMatchObject({ name: 'StoreError', kind: 'denied' })
    })
  })

  describe('any spelling that reaches a secret', () => {
    const disguises: readonly ((text: string) => string)[] = [
      (text) => text.toUpperCase(),
      (text) => `/${text}`,
      (text) => `${text}/`,
      (text) => text.replaceAll('/', '//'),
      (text) => text.replaceAll('/', '%2F'),
      (text) => text.replaceAll('%2F', '/'),
      (text) => `./${text}`,
      (text) => `x/../${text}`,
      (text) => `%2e/${text}`,
      (text) => encodeURIComponent(text),
      (text) => ` ${text}`,
      (text) => `${text} `,
      (text) => `${text}\u0000`,
      (text) => `${text}?version=1`,
      (text) => `${text}#x`,
      (text) => `${text};x`,
      (text) => text.slice(0, -1),
      (text) => text.normalize('NFD'),
      (text) => text.replaceAll('/', '\\'),
    ]
    const names = ['db', 'DB', 'app/db', 'app', 'a/b/c', 'app%2Fdb', 'é', 'db ', 'db?version=1', 'x/db']

    it('is decided as that secret', async () => {
      const engine = await root.mount()
      await root.put(engine, Object.fromEntries(names.map((name) => [name, { name }])))
      await root.call('POST', `${engine}/data/outside`, { data: { name: '../outside' } })
      const { store } = await vaultStore(root, { enginePath: engine })
      let reached = 0
      const steps = fc.array(fc.constantFrom(...disguises), { maxLength: 3 })
      const beginning = fc.constantFrom(...names, '../outside', '%2e%2e/outside', 'x/../../outside')
      await fc.assert(
        fc.asyncProperty(beginning, steps, async (name, chosen) => {
          const spelling = chosen.reduce((text, step) => step(text), name)
          const outcome = await outcomeOf(store, spelling)
          if (!('values' in outcome)) return
          reached += 1
          expect(hashicorpVault.canonical(spelling), spelling).toBe(outcome.values['name'])
        }),
        { numRuns: 500 },
      )
      expect(reached).toBeGreaterThan(50)
    })

    it('reaches nothing by what another client would have sent either', async () => {
      // Spellings that the vault itself takes for `app/db`, each decided as that or refused.
      const engine = await root.mount()
      await root.put(engine, { 'app/db': { name: 'app/db' } })
      for (const raw of ['app//db', '/app/db', 'x/../app/db', './app/db', 'app%2Fdb']) {
        expect(await secondOpinion(url, `${engine}/data/dapr/${raw}`)).toEqual({ values: { name: 'app/db' } })
        expect(['app/db', undefined]).toContain(hashicorpVault.canonical(decodeURIComponent(raw)))
      }
    })
  })

  describe('a token', () => {
    let engine = ''
    beforeAll(async () => {
      engine = await root.mount()
      await root.put(engine, { db: { key: 'x' }, other: { key: 'y' } })
    })

    it('is told from a policy when it is refused', async () => {
      const vaultToken = await root.token({ [`${engine}/data/dapr/db`]: ['read'] })
      const { store } = await vaultStore(root, { enginePath: engine, vaultToken })
      expect(await outcomeOf(store, 'db')).toEqual({ values: { key: 'x' } })
      expect(await outcomeOf(store, 'other')).toEqual({ kind: 'denied' })
      await root.call('POST', 'auth/token/revoke', { token: vaultToken })
      expect(await outcomeOf(store, 'db')).toEqual({ kind: 'unauthenticated' })
      const nobody = await vaultStore(root, { enginePath: engine, vaultToken: 'nobody' })
      expect(await outcomeOf(nobody.store, 'db')).toEqual({ kind: 'unauthenticated' })
    })

    it('is taken from its file, and a new one as soon as it is there', async () => {
      const first = await root.token({ [`${engine}/data/dapr/db`]: ['read'] })
      const files: Record<string, string> = { token: `${first}\n` }
      const metadata = { enginePath: engine, vaultTokenMountPath: 'token' }
      const { store } = await vaultStore(root, metadata, { files })
      expect(await outcomeOf(store, 'db')).toEqual({ values: { key: 'x' } })
      await root.call('POST', 'auth/token/revoke', { token: first })
      expect(await outcomeOf(store, 'db')).toEqual({ kind: 'unauthenticated' })
      files['token'] = await root.token({ [`${engine}/data/dapr/db`]: ['read'] })
      expect(await outcomeOf(store, 'db')).toEqual({ values: { key: 'x' } })
    })
  })

  describe('a login', () => {
    let engine = ''
    let policy = ''
    beforeAll(async () => {
      engine = await root.mount()
      policy = ownName()
      await root.put(
        engine,
        Object.fromEntries(Array.from({ length: 30 }, (_, index) => [`s${index}`, { key: 'x' }])),
      )
      const path = { [`${engine}/*`]: { capabilities: ['read', 'list'] } }
      await root.call('POST', `sys/policies/acl/${policy}`, { policy: JSON.stringify({ path }) })
    })

    async function enable(type: string): Promise<string> {
      const mountPath = `${ownName()}/${type}`
      await root.call('POST', `sys/auth/${mountPath}`, { type })
      return mountPath
    }

    async function appRole() {
      const mountPath = await enable('approle')
      await root.call('POST', `auth/${mountPath}/role/orders`, { token_policies: policy, token_ttl: '1h' })
      const role = JSON.parse((await root.call('GET', `auth/${mountPath}/role/orders/role-id`)).text)
      const secret = JSON.parse((await root.call('POST', `auth/${mountPath}/role/orders/secret-id`)).text)
      return {
        mountPath,
        metadata: {
          enginePath: engine,
          vaultAuthMethod: 'approle',
          'sidecarless.vaultAppRoleMountPath': mountPath,
          'sidecarless.vaultRoleId': role.data.role_id,
          'sidecarless.vaultSecretId': secret.data.secret_id,
        },
      }
    }

    it('by AppRole reads with a token of its own, and makes another one when that has died half-way', async () => {
      const { metadata } = await appRole()
      const clock = fakeClock(Date.now())
      const { store, sent } = await vaultStore(root, metadata, { clock })
      const logins = () => sent.filter(({ url: asked }) => asked.endsWith('/login')).length
      expect(await outcomeOf(store, 's1')).toEqual({ values: { key: 'x' } })
      expect(await outcomeOf(store, 's2')).toEqual({ values: { key: 'x' } })
      expect(logins()).toBe(1)
      clock.jump(11_000)
      await root.call('POST', 'auth/token/revoke', { token: sent.at(-1)?.headers['x-vault-token'] })
      expect((await store.getBulkSecret({ metadata: new Map() }))?.size).toBe(30)
      expect(logins()).toBe(2)
      clock.jump(56 * 60_000)
      expect(await outcomeOf(store, 's1')).toEqual({ values: { key: 'x' } })
      expect(logins()).toBe(3)
    })

    it('by AppRole with a wrong secret id is unauthenticated', async () => {
      const { metadata } = await appRole()
      const { store } = await vaultStore(root, { ...metadata, 'sidecarless.vaultSecretId': 'wrong' })
      expect(await outcomeOf(store, 's1')).toEqual({ kind: 'unauthenticated' })
    })

    it('where nothing is mounted is unauthenticated', async () => {
      const { metadata } = await appRole()
      const elsewhere = { ...metadata, 'sidecarless.vaultAppRoleMountPath': ownName() }
      expect(await outcomeOf((await vaultStore(root, elsewhere)).store, 's1')).toEqual({
        kind: 'unauthenticated',
      })
    })

    it('by JWT is taken when the signature is right', async () => {
      const mountPath = await enable('jwt')
      const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
      const pem = publicKey.export({ type: 'spki', format: 'pem' })
      await root.call('POST', `auth/${mountPath}/config`, { jwt_validation_pubkeys: [pem] })
      await root.call('POST', `auth/${mountPath}/role/orders`, {
        role_type: 'jwt',
        user_claim: 'sub',
        bound_audiences: ['vault'],
        token_policies: policy,
      })
      const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')
      const exp = Math.floor(Date.now() / 1000) + 60
      const signed = `${encode({ alg: 'ES256' })}.${encode({ sub: 'orders', aud: 'vault', exp })}`
      const signature = sign('sha256', Buffer.from(signed), { key: privateKey, dsaEncoding: 'ieee-p1363' })
      const metadata = {
        enginePath: engine,
        vaultAuthMethod: 'jwt',
        'sidecarless.vaultJwtMountPath': mountPath,
        'sidecarless.vaultJwtRole': 'orders',
      }
      const jwt = `${signed}.${signature.toString('base64url')}`
      const good = await vaultStore(root, { ...metadata, 'sidecarless.vaultJwt': jwt })
      expect(await outcomeOf(good.store, 's1')).toEqual({ values: { key: 'x' } })
      const fromFile = { ...metadata, 'sidecarless.vaultJwtPath': 'jwt' }
      const read = await vaultStore(root, fromFile, { files: { jwt: `${jwt}\n` } })
      expect(await outcomeOf(read.store, 's1')).toEqual({ values: { key: 'x' } })
      const bad = await vaultStore(root, { ...metadata, 'sidecarless.vaultJwt': `${signed}.AAAA` })
      expect(await outcomeOf(bad.store, 's1')).toEqual({ kind: 'unauthenticated' })
    })

    describe('by the service account of a pod', () => {
      let kubernetes: Server
      beforeAll(async () => {
        // All that a vault asks of Kubernetes: whose token is this?
        kubernetes = createServer((request, response) => {
          let body = ''
          request.on('data', (chunk) => {
            body += chunk
          })
          request.on('end', () => {
            const isKnown = JSON.parse(body).spec.token === serviceAccountToken
            const username = 'system:serviceaccount:shop:orders'
            const status = isKnown
              ? { authenticated: true, user: { username, uid: 'u' } }
              : { error: 'unknown' }
            response.writeHead(201, { 'content-type': 'application/json' })
            response.end(
              JSON.stringify({ apiVersion: 'authentication.k8s.io/v1', kind: 'TokenReview', status }),
            )
          })
        })
        await new Promise<void>((resolve) => kubernetes.listen(0, '127.0.0.1', resolve))
      })
      afterAll(() => new Promise((resolve) => kubernetes.close(resolve)))

      // Not looked at but by the server above: any JWT will do.
      const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')
      const claims = { 'kubernetes.io': { namespace: 'shop', serviceaccount: { name: 'orders', uid: 'u' } } }
      const serviceAccountToken = `${encode({ alg: 'ES256' })}.${encode(claims)}.AAAA`

      it('is taken when Kubernetes knows it', async () => {
        const mountPath = await enable('kubernetes')
        const address: AddressInfo | string | null = kubernetes.address()
        const port = typeof address === 'object' ? address?.port : undefined
        await root.call('POST', `auth/${mountPath}/config`, {
          kubernetes_host: `http://127.0.0.1:${port}`,
          kubernetes_ca_cert: tls?.ca,
          token_reviewer_jwt: serviceAccountToken,
        })
        await root.call('POST', `auth/${mountPath}/role/orders`, {
          bound_service_account_names: ['orders'],
          bound_service_account_namespaces: ['shop'],
          token_policies: policy,
        })
        const metadata = {
          enginePath: engine,
          vaultAuthMethod: 'kubernetes',
          vaultKubernetesMountPath: mountPath,
          vaultKubernetesRole: 'orders',
        }
        const path = '/var/run/secrets/kubernetes.io/serviceaccount/token'
        const good = await vaultStore(root, metadata, { files: { [path]: serviceAccountToken } })
        expect(await outcomeOf(good.store, 's1')).toEqual({ values: { key: 'x' } })
        const bad = await vaultStore(root, metadata, { files: { [path]: `${serviceAccountToken}A` } })
        expect(await outcomeOf(bad.store, 's1')).toEqual({ kind: 'unauthenticated' })
      })
    })
  })

  describe('a namespace', () => {
    it('is named in the path of the engine, or for all requests', async () => {
      const namespace = ownName()
      await root.call('POST', `sys/namespaces/${namespace}`)
      const inside = vaultRoot(url, `${namespace}/`)
      const engine = await inside.mount()
      await inside.put(engine, { db: { key: 'inside' } })
      const vaultToken = await inside.token({ [`${engine}/data/dapr/db`]: ['read'] })
      for (const metadata of [
        { enginePath: `${namespace}/${engine}`, vaultToken },
        { enginePath: engine, vaultToken, 'sidecarless.vaultNamespace': namespace },
      ]) {
        const { store } = await vaultStore(root, metadata)
        expect(await outcomeOf(store, 'db')).toEqual({ values: { key: 'inside' } })
        expect(await outcomeOf(store, 'other')).toEqual({ kind: 'denied' })
      }
      const outside = await vaultStore(root, { enginePath: engine, vaultToken })
      expect('kind' in (await outcomeOf(outside.store, 'db'))).toBe(true)
    })
  })

  describe('a vault with a certificate of its own', () => {
    const { url: vaultAddr = '', ca = '' } = tls ?? {}
    let engine = ''
    beforeAll(async () => {
      engine = await root.mount()
      await root.put(engine, { db: { key: 'x' } })
    })

    it.each<[string, Readonly<Record<string, string>>, object]>([
      ['by the certificates of a component', { caPem: ca }, { values: { key: 'x' } }],
      ['by those in a file', { caCert: 'ca.pem' }, { values: { key: 'x' } }],
      ['under another name of its', { caPem: ca, tlsServerName: 'localhost' }, { values: { key: 'x' } }],
      ['when it is not looked at', { skipVerify: 'true', tlsServerName: 'wrong' }, { values: { key: 'x' } }],
      ['not by those of the platform', {}, { kind: 'unavailable' }],
      [
        'not under a name that is not its',
        { caPem: ca, tlsServerName: 'vault.test' },
        { kind: 'unavailable' },
      ],
      ['not by other certificates', { caCert: 'other.pem' }, { kind: 'unavailable' }],
    ])('is trusted %s', async (_, metadata, expected) => {
      const files = { 'ca.pem': ca, 'other.pem': rootCertificates[0] ?? '' }
      const { store } = await vaultStore(root, { vaultAddr, enginePath: engine, ...metadata }, { files })
      expect(await outcomeOf(store, 'db')).toEqual(expected)
    })
  })
})
