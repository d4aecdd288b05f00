/**
 * What program this is.
 *
 * @module
 */
import { daprVersion } from '../src/secrets.ts'

/** The package's version, written in by `scripts/build.ts`. */
declare const SIDECARLESS_VERSION: string

/** e.g. `0.1.0` */
export const version: string = SIDECARLESS_VERSION

/** The line that `--version` prints. */
export const versionLine = `sidecarless ${version} (Dapr secrets API ${daprVersion})`
