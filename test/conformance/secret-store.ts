/**
 * The suite every secret store passes, whatever is behind it.
 *
 * A store's own test says how to make one that holds given secrets, declares what the vendor cannot do, and
 * adds only what is peculiar to it. What is declared unsupported is asserted, not skipped.
 */
import { describe, expect, it } from 'vitest'
import { StoreError } from '../../src/secret-error.ts'
import type { FieldTable, SecretStore, SecretStoreDriver } from '../../src/stores/store.ts'

/** Secrets by name, each a map of keys. */
export type GivenSecrets = Readonly<Record<string, Readonly<Record<string, string>>>>

/** How one store is put through the suite. */
export interface SecretStoreCase<Fields extends FieldTable> {
  readonly driver: SecretStoreDriver<Fields>
  /** A started store that holds exactly these. */
  make(secrets: GivenSecrets): Promise<SecretStore>
  /** Whether a secret of this case may hold several keys; otherwise its one key is its own name. */
  readonly severalKeys: boolean
  /** What a read of a missing secret gives: an error, or daprd's empty string marked as missing. */
  readonly missing: 'error' | 'marked'
  /** Whether a secret may be empty; where not, one that `make` was given as empty is missing. Default true. */
  readonly holdsEmpty?: boolean
}

/** Names that break careless look-ups. */
const oddNames = [
  '__proto__',
  'constructor',
  'toString',
  'hasOwnProperty',
  'a/b',
  'a b',
  'a%2Fb',
  'é',
  '日本',
  '😀',
]

export function describeSecretStore<Fields extends FieldTable>(
  title: string,
  store: SecretStoreCase<Fields>,
): void {
  const { driver, make, severalKeys, missing, holdsEmpty = true } = store
  const secret = (name: string, value: string): GivenSecrets => ({
    [name]: severalKeys ? { user: 'u', [name]: value } : { [name]: value },
  })
  const get = async (from: SecretStore, name: string) => from.getSecret({ name, metadata: new Map() })

  describe(`${title} as a secret store`, () => {
    it('gives the values of a secret by key', async () => {
      const from = await make(secret('db', 'hunter2'))
      const { values, missing: isMissing } = await get(from, 'db')
      expect(values?.get('db')).toBe('hunter2')
      expect(values?.get('user')).toBe(severalKeys ? 'u' : undefined)
      expect(isMissing).toBeUndefined()
    })

    it(`gives an empty value as ${holdsEmpty ? 'an empty string, not as missing' : 'missing'}`, async () => {
      const read = get(await make(secret('empty', '')), 'empty')
      if (!holdsEmpty) return expect(read).rejects.toMatchObject({ kind: 'not-found' })
      const { values, missing: isMissing } = await read
      expect(values?.get('empty')).toBe('')
      expect(isMissing).toBeUndefined()
    })

    it.each(oddNames)('holds a secret named %s like any other', async (name) => {
      const from = await make(secret(name, 'odd'))
      expect((await get(from, name)).values?.get(name)).toBe('odd')
      expect((await from.getBulkSecret({ metadata: new Map() }))?.get(name)?.get(name)).toBe('odd')
    })

    it.each(['nope', ...oddNames.slice(0, 4)])('says that a secret named %s is missing', async (name) => {
      const from = await make(secret('db', 'hunter2'))
      const read = get(from, name)
      if (missing === 'error') {
        await expect(read).rejects.toBeInstanceOf(StoreError)
        await expect(read).rejects.toMatchObject({ kind: 'not-found', retryable: false })
      } else {
        expect(await read).toEqual({ values: new Map([[name, '']]), missing: true })
      }
    })

    it('gives all secrets in bulk, and nothing else', async () => {
      const from = await make({ ...secret('one', '1'), ...secret('two', '2') })
      const secrets = await from.getBulkSecret({ metadata: new Map() })
      expect([...(secrets?.keys() ?? [])].sort()).toEqual(['one', 'two'])
      expect(secrets?.get('two')?.get('two')).toBe('2')
    })

    it('gives an empty map in bulk when it holds nothing', async () => {
      expect(await (await make({})).getBulkSecret({ metadata: new Map() })).toEqual(new Map())
    })

    it('ignores request metadata that it does not declare', async () => {
      const from = await make(secret('db', 'hunter2'))
      const metadata = new Map([['no_such_key', 'x']])
      expect((await from.getSecret({ name: 'db', metadata })).values?.get('db')).toBe('hunter2')
    })

    it('answers many reads at once, each with its own secret', async () => {
      const names = Array.from({ length: 50 }, (_, index) => `secret-${index}`)
      const from = await make(Object.assign({}, ...names.map((name) => secret(name, `value of ${name}`))))
      const read = await Promise.all(names.map(async (name) => (await get(from, name)).values?.get(name)))
      expect(read).toEqual(names.map((name) => `value of ${name}`))
    })

    it('declares several keys per secret exactly when it has them', async () => {
      const { features } = await make({})
      expect(features.includes('MULTIPLE_KEY_VALUES_PER_SECRET')).toBe(severalKeys)
    })
  })

  describe(`${title} as a declaration`, () => {
    it('has a type in lower case, as daprd compares it', () => {
      expect(driver.type).toBe(driver.type.toLowerCase())
    })

    it('has one canonical name for a canonical name', () => {
      for (const name of oddNames) {
        const canonical = driver.canonical(name)
        if (canonical !== undefined) expect(driver.canonical(canonical)).toBe(canonical)
      }
    })

    it('describes itself and each of its fields in a sentence', () => {
      const fields = Object.values<FieldTable[string]>(driver.metadata)
      for (const text of [driver.description, ...fields.map(({ description }) => description)]) {
        expect(text).toMatch(/^[A-Z'].*\.$/)
      }
    })
  })
}
