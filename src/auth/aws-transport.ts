/**
 * What a store of AWS is given to make its calls with, whoever makes them: our own signed requests, or AWS's SDK
 * where a target lends it.
 *
 * @module
 */

/** Calls of one service of AWS's JSON 1.1 protocol. */
export interface AwsClient {
  /**
   * The answer of an operation.
   *
   * @param target as `x-amz-target` spells it: `secretsmanager.GetSecretValue`
   * @throws {AwsError} when the service refuses; its `code` says why
   * @throws {StoreError} when there is no answer, no region or no credentials
   */
  call(target: string, body: unknown, signal?: AbortSignal): Promise<unknown>
}

/** A component's part in the decision whose keys sign; empty texts are absent ones. */
export interface AwsIdentity {
  readonly region: string
  readonly accessKey: string
  readonly secretKey: string
  readonly sessionToken: string
  readonly assumeRoleArn: string
  readonly sessionName: string
  /** Whether an STS on another machine may be spoken to in the clear. */
  readonly allowPlainHttp: boolean
}

/** A component's part in a client of the SDK. */
export interface AwsSdkOptions {
  readonly service: 'secretsmanager'
  readonly identity: AwsIdentity
  /** The component's endpoint. Default: the environment's or the profile's, else AWS's own. */
  readonly endpoint: string
}

/** Makes a client over AWS's SDK. The SDK is loaded by its first call. */
export type AwsSdk = (options: AwsSdkOptions) => AwsClient
