/**
 * The Node target as a library: what `sidecarless serve` is made of.
 *
 * @module
 */
export type { HttpServerOptions } from './http-server.ts'
export { createHttpServer, stopHttpServer } from './http-server.ts'
export type { Loaded, LoadOptions } from './load.ts'
export { loadFromDisk } from './load.ts'
export { nodeRuntime } from './runtime.ts'
export { drivers } from './stores.ts'
