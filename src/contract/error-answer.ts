/**
 * Error answers: every JSON error body of the contract, and the plain texts of Go's server and chi.
 *
 * Mirrors dapr/dapr `pkg/messages/predefined.go` and `pkg/api/http/responses.go`: exactly two fields in this
 * order, no final newline.
 *
 * @module
 */
import type { SecretErrorCode } from '../secret-error.ts'
import { SecretError } from '../secret-error.ts'
import type { ContractAnswer } from './exchange.ts'
import { writeString } from './json.ts'

const json: readonly string[] = ['Content-Type', 'application/json']
const plainText: readonly string[] = [
  'Content-Type',
  'text/plain; charset=utf-8',
  'X-Content-Type-Options',
  'nosniff',
]

/** `{"errorCode":…,"message":…}` with a status. */
export function errorAnswer(status: number, errorCode: string, message: string): ContractAnswer {
  const body = `{"errorCode":${writeString(errorCode)},"message":${writeString(message)}}`
  return { status, headers: json, body }
}

/** A text answer as Go's `http.Error` writes it, final newline included. */
export function textAnswer(status: number, text: string): ContractAnswer {
  return { status, headers: plainText, body: `${text}\n` }
}

/** What Go's server answers to bytes that are no request it serves; the connection ends with it. */
export function refusedRequest(status: 400 | 431, reason = ''): ContractAnswer {
  const text = status === 400 ? '400 Bad Request' : '431 Request Header Fields Too Large'
  const body = reason === '' ? text : `${text}: ${reason}`
  return { status, headers: ['Content-Type', 'text/plain; charset=utf-8'], body, close: true }
}

/** Statuses of the secret errors; an unknown store really is a 401. */
const statusOf: Readonly<Record<SecretErrorCode, number>> = {
  ERR_SECRET_STORES_NOT_CONFIGURED: 500,
  ERR_SECRET_STORE_NOT_FOUND: 401,
  ERR_PERMISSION_DENIED: 403,
  ERR_SECRET_GET: 500,
}

/** The answer for what a read threw. Nothing of an unexpected error is shown: it may quote a value. */
export function failedReadAnswer(error: unknown): ContractAnswer {
  if (error instanceof SecretError) return errorAnswer(statusOf[error.code], error.code, error.message)
  return errorAnswer(500, 'ERROR', 'internal error')
}
