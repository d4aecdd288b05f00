/**
 * AWS Secrets Manager on a real server, read by our store and by AWS's SDK.
 *
 * @module
 */
import { GetSecretValueCommand, type SecretsManagerClient } from '@aws-sdk/client-secrets-manager'
import { awsSecretmanager } from '../../src/stores/aws-secretmanager.ts'
import { type AwsClients, type Keys, kindOfFailure } from './aws.ts'
import { type Ground, type Outcome, type StoreOnGround, startStore } from './start-store.ts'

/** The store on the same server and in the same region as clients of the SDK. */
export function storeBeside(
  { url, region }: AwsClients,
  keys: Keys,
  metadata: Readonly<Record<string, string>> = {},
  ground?: Ground,
): Promise<StoreOnGround> {
  const { accessKeyId: accessKey, secretAccessKey: secretKey, sessionToken = '' } = keys
  const own = { region, endpoint: url, accessKey, secretKey, sessionToken }
  return startStore(awsSecretmanager, { ...own, ...metadata }, ground)
}

/** The outcome of a read through the SDK, in the store's form. */
export async function secondOpinion(
  secrets: SecretsManagerClient,
  SecretId: string,
  { version_id, version_stage }: Readonly<Record<string, string>> = {},
): Promise<Outcome> {
  try {
    const { Name = '', SecretString } = await secrets.send(
      new GetSecretValueCommand({ SecretId, VersionId: version_id, VersionStage: version_stage }),
    )
    return { values: SecretString === undefined ? {} : { [Name]: SecretString } }
  } catch (error) {
    return { kind: kindOfFailure(error) }
  }
}
