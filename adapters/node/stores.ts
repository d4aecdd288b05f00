/**
 * The drivers compiled into the Node target.
 *
 * @module
 */
import { awsParameterstore } from '../../src/stores/aws-parameterstore.ts'
import { awsSecretmanager } from '../../src/stores/aws-secretmanager.ts'
import { hashicorpVault } from '../../src/stores/hashicorp-vault.ts'
import { localEnv } from '../../src/stores/local-env.ts'
import { localFile } from '../../src/stores/local-file.ts'
import type { SecretStoreDriver } from '../../src/stores/store.ts'

/** In alphabetical order of their types. */
export const drivers: readonly SecretStoreDriver[] = [
  awsParameterstore,
  awsSecretmanager,
  hashicorpVault,
  localEnv,
  localFile,
]
