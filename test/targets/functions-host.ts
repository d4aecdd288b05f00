/**
 * A small Functions host: it supplies the module that only the real worker has, and lets the real
 * `@azure/functions` library register the function and convert requests and responses.
 *
 * Its answers were compared with those of the real Node worker 3.9.1 in a lab; the .NET host in front of that
 * (routing, the rewriting of paths, function keys) is not here.
 *
 * @module
 */
import { createRequire } from 'node:module'
import { serveParent } from './host.ts'

/** The host's own view of an HTTP message (azure-functions-language-worker-protobuf `RpcHttp`). */
export interface RpcHttp {
  readonly method?: string
  readonly url?: string
  readonly statusCode?: string
  readonly headers: Readonly<Record<string, string>>
  /** The wire has bytes; between these processes they are base64. */
  readonly body?: string
}

interface Metadata {
  readonly name: string
  readonly bindings: Readonly<Record<string, Binding>>
}
interface Binding {
  readonly name: string
  readonly type: string
  readonly methods?: readonly string[]
}
interface Registered {
  readonly metadata: Metadata
  readonly callback: Callback
}
type Callback = (...inputs: unknown[]) => unknown

interface InvocationModel {
  getArguments(): Promise<{ readonly context: unknown; readonly inputs: unknown[] }>
  invokeFunction(context: unknown, inputs: unknown[], callback: Callback): Promise<unknown>
  getResponse(
    context: unknown,
    result: unknown,
  ): Promise<{ readonly returnValue?: { readonly http?: HttpAnswer } }>
}
interface HttpAnswer {
  readonly statusCode: string
  readonly headers: Readonly<Record<string, string>>
  readonly cookies?: readonly unknown[]
  readonly body?: { readonly bytes?: Uint8Array; readonly string?: string }
}
interface ProgrammingModel {
  getCapabilities(capabilities: object): Promise<object>
  getInvocationModel(context: object): InvocationModel
}

const registered: Registered[] = []
let model: ProgrammingModel | undefined

const core = {
  version: '3.9.1',
  hostVersion: '4.1037.0',
  registerFunction(metadata: Metadata, callback: Callback) {
    registered.push({ metadata, callback })
  },
  setProgrammingModel(given: ProgrammingModel) {
    model = given
  },
  getProgrammingModel: () => model,
  registerHook() {},
  log() {},
  Disposable: class {},
}

const require = createRequire(import.meta.url)
const module = require('node:module')
const load = module.prototype.require
module.prototype.require = function (this: unknown, id: string) {
  return id === '@azure/functions-core' ? core : load.call(this, id)
}
require(process.argv[2] ?? '')
await model?.getCapabilities({})

let invocations = 0

serveParent(async (message) => {
  if (message === 'triggers') return registered.map(triggerOf)
  // What azure-functions.test.ts sends else.
  const { body, ...request } = message as RpcHttp
  const [found] = registered
  if (found === undefined || model === undefined) throw new Error('the bundle has registered no function')
  const trigger = triggerOf(found)
  // The host answers by itself what no function is registered for.
  if (!trigger.methods?.includes(request.method ?? '')) return { statusCode: '404', headers: {} }

  const http = { ...request, ...(body === undefined ? {} : { body: { bytes: Buffer.from(body, 'base64') } }) }
  const invocation = model.getInvocationModel({
    invocationId: String(++invocations),
    metadata: found.metadata,
    request: { inputData: [{ name: trigger.name, data: { http } }], triggerMetadata: {} },
    log() {},
    state: undefined,
  })
  const { context, inputs } = await invocation.getArguments()
  const result = await invocation.invokeFunction(context, inputs, found.callback)
  const answer = (await invocation.getResponse(context, result)).returnValue?.http
  if (answer === undefined) throw new Error('the function gave no HTTP response')
  const bytes = Buffer.from(answer.body?.bytes ?? answer.body?.string ?? '')
  return { statusCode: answer.statusCode, headers: answer.headers, body: bytes.toString('base64') }
})

function triggerOf({ metadata }: Registered): Binding {
  const trigger = Object.values(metadata.bindings).find(({ type }) => type === 'httpTrigger')
  if (trigger === undefined) throw new Error(`${metadata.name} has no HTTP trigger`)
  return trigger
}
