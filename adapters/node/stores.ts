/**
 * The drivers compiled into the Node target.
 *
 * @module
 */
import { localEnv } from '../../src/stores/local-env.ts'
import { localFile } from '../../src/stores/local-file.ts'
import type { SecretStoreDriver } from '../../src/stores/store.ts'

/** In alphabetical order of their types. */
export const drivers: readonly SecretStoreDriver[] = [localEnv, localFile]
