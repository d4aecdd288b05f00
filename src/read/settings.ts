/**
 * What a component says of how it is read, in metadata of our own: `sidecarless.<name>`, which daprd ignores.
 *
 * @module
 */
import type { Diagnostic, Location } from '../diagnostic.ts'
import { nearest } from '../did-you-mean.ts'
import type { Property } from '../stores/options.ts'
import { decodeOptions } from '../stores/options.ts'
import type { FieldTable, SecretStoreDriver } from '../stores/store.ts'

/** How a store's values are kept. Times are milliseconds. */
export interface CacheSettings {
  /** How long a value is fresh. */
  readonly ttl: number
  /** How long it is remembered that a secret is not there or not for us. 0: not at all. */
  readonly negativeTtl: number
  /** The age up to which a value stands in for a store that does not answer. 0: never. */
  readonly maxStale: number
  /** How many secrets are kept. */
  readonly entries: number
  /** How many bytes they may take, about. */
  readonly bytes: number
}

/** How a store is read. */
export interface ReadSettings {
  /** `undefined`: nothing is kept and every read is a call, exactly as in daprd. */
  readonly cache: CacheSettings | undefined
}

/** What {@link decodeSettings} gives: settings when there is no error among the diagnostics. */
export interface DecodedSettings {
  readonly settings: ReadSettings
  /** The metadata that is left for the driver. */
  readonly properties: readonly Property[]
  readonly diagnostics: readonly Diagnostic[]
}

/** The table of settings. What a read costs decides whether values are kept by default. */
export function settingFields(reads: SecretStoreDriver['reads']) {
  return {
    'sidecarless.cacheTTL': {
      type: 'duration',
      default: reads === 'remotely' ? '60s' : '0',
      description: 'How long a value is used without asking the store again; 0 turns the cache off.',
    },
    'sidecarless.negativeCacheTTL': {
      type: 'duration',
      default: '5s',
      description:
        'How long it is remembered that a secret was not found or is denied; 0 forgets it at once.',
    },
    'sidecarless.maxStale': {
      type: 'duration',
      default: '15m',
      description:
        'Age up to which an old value is answered while the store is unavailable, throttled or slow; 0 never does.',
    },
    'sidecarless.cacheEntries': {
      type: 'integer',
      default: '1000',
      description: 'How many secrets are kept.',
    },
    'sidecarless.cacheBytes': {
      type: 'integer',
      default: '4194304',
      description: 'How many bytes the kept secrets may take, about.',
    },
  } as const satisfies FieldTable
}

/**
 * Takes our own metadata out of a component's and decodes it. A field of that prefix that the driver declares is
 * the driver's. One that nobody knows is an error: it can only be meant for us, and a misspelt `maxStale` would
 * let old values live.
 */
export function decodeSettings(
  driver: Pick<SecretStoreDriver, 'metadata' | 'reads'>,
  properties: readonly Property[],
  component: { readonly name: string; readonly at: Location },
): DecodedSettings {
  const fields = settingFields(driver.reads)
  const ofDriver = spellings(driver.metadata)
  const isOurs = ({ name }: Property): boolean =>
    name.toLowerCase().startsWith(prefix) && !ofDriver.has(name.toLowerCase())
  const ours = properties.filter(isOurs)
  const known = spellings(fields)
  const isKnown = ({ name }: Property): boolean => known.has(name.toLowerCase())

  const { options, diagnostics } = decodeOptions(fields, ours.filter(isKnown), component)
  const cache: CacheSettings = {
    ttl: options['sidecarless.cacheTTL'],
    negativeTtl: options['sidecarless.negativeCacheTTL'],
    maxStale: options['sidecarless.maxStale'],
    entries: options['sidecarless.cacheEntries'],
    bytes: options['sidecarless.cacheBytes'],
  }
  const names = Object.keys({ ...fields, ...driver.metadata }).filter((name) => name.startsWith(prefix))
  const unknown = ours.filter((property) => !isKnown(property))
  return {
    settings: { cache: cache.ttl === 0 ? undefined : cache },
    properties: properties.filter((property) => !isOurs(property)),
    diagnostics: [
      ...diagnostics,
      ...unknown.map((property) => unknownSetting(property, names, component.name)),
    ],
  }
}

const prefix = 'sidecarless.'

/** Every name of a table and its aliases, in lower case. */
function spellings(fields: FieldTable): ReadonlySet<string> {
  const names = Object.entries(fields).flatMap(([name, { aliases = [] }]) => [name, ...aliases])
  return new Set(names.map((name) => name.toLowerCase()))
}

function unknownSetting({ name, at }: Property, names: readonly string[], component: string): Diagnostic {
  const near = nearest(name, names)
  const hint = near === undefined ? `known are ${names.join(', ')}` : `did you mean '${near}'?`
  return { severity: 'error', at, component, message: `metadata '${name}' is not known; ${hint}` }
}
