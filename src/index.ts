/**
 * The library's front door: re-exports only.
 *
 * @module
 */

export type { ApiRule, ApiRules } from './access/api-rule.ts'
export type { SecretScope } from './access/scope.ts'
export type { ActiveStore } from './activation/activate.ts'
export type { Component, MetadataItem, SecretKeyRef } from './component/component.ts'
export type { Configuration, Tracing } from './component/configuration.ts'
export type { Answer, WithoutToken } from './contract/answer.ts'
export type { ContractAnswer, ContractRequest } from './contract/exchange.ts'
export type { Diagnostic, Location, Severity } from './diagnostic.ts'
export { formatDiagnostic, hasErrors, renderDiagnostic } from './diagnostic.ts'
export type { Freshness, ReadSource } from './read/cache.ts'
export type {
  Origin,
  ReadBulkRequest,
  ReadBulkResult,
  ReadContext,
  Reader,
  ReadRequest,
  ReadResult,
} from './read/read.ts'
export type { CacheSettings, ReadSettings } from './read/settings.ts'
export type { Resiliency } from './resiliency/policy.ts'
export type { Clock, Environment, Log, LogLevel, Runtime } from './runtime.ts'
export { environment, FileError } from './runtime.ts'
export type { SecretErrorCode, SecretErrorKind } from './secret-error.ts'
export { SecretError, StoreError } from './secret-error.ts'
export type { Secrets, SecretsOptions } from './secrets.ts'
export { createSecrets, daprVersion } from './secrets.ts'
export type {
  BulkRequest,
  BulkSecrets,
  CreateContext,
  Feature,
  Field,
  FieldTable,
  NamedStore,
  Options,
  RequestMetadata,
  Secret,
  SecretRequest,
  SecretStore,
  SecretStoreDriver,
  SecretValues,
  TargetName,
} from './stores/store.ts'
export { defineStore, OptionError } from './stores/store.ts'
