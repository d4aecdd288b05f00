/**
 * From the YAML files of a resources folder to validated components and Resiliency.
 *
 * @module
 */
import type { Diagnostic } from '../diagnostic.ts'
import type { Resiliency } from '../resiliency/policy.ts'
import type { Component } from './component.ts'
import { decodeComponent } from './component-decode.ts'
import { documentKind } from './document-kind.ts'
import type { DocumentText } from './documents.ts'
import { splitDocuments } from './documents.ts'
import { FieldReader, jsonRules } from './fields.ts'
import { inReadingOrder, LineMap, placesOf } from './place.ts'
import type { ResiliencyDocument } from './resiliency-decode.ts'
import { decodeResiliency } from './resiliency-decode.ts'
import { type Selection, selectComponents, selectResiliency } from './select.ts'
import type { SourceFile } from './source.ts'
import { componentDialect, longestText, parseYaml, YamlSyntaxError } from './yaml.ts'

/** What files of resources hold for one application. */
export interface Resources {
  /** In load order: secret stores and components of every other building block. */
  readonly components: readonly Component[]
  /** In the order in which they are applied. */
  readonly resiliency: readonly Resiliency[]
  /** Everything that is wrong, by file and place. */
  readonly diagnostics: readonly Diagnostic[]
}

/** For whom resources are loaded. */
export type ResourceOptions = Selection

/**
 * Reads every document of every file, reports everything that is wrong, and keeps what is for this
 * application.
 *
 * Documents, dialect and filters are daprd's (dapr/dapr `pkg/internal/loader/disk`,
 * `pkg/runtime/authorizer`, `pkg/resiliency/resiliency.go`). Two differences are on purpose: a document that
 * cannot be read is an error and not a log line, and so is a component without a name.
 *
 * Never throws; a file may hold anything.
 *
 * @param files in the order in which daprd reads them: folders as given, file names in byte order
 *
 * @example
 * ```ts
 * const { components, diagnostics } = loadResources(
 *   [{ path: 'components/env.yaml', text: 'apiVersion: dapr.io/v1alpha1\nkind: Component\n…' }],
 *   { appId: 'orders', deniedComponents: [] },
 * )
 * ```
 */
export function loadResources(files: readonly SourceFile[], options: ResourceOptions): Resources {
  const readers: FieldReader[] = []
  const components: Component[] = []
  const documents: ResiliencyDocument[] = []
  for (const file of files) {
    const lines = new LineMap(file)
    const open = (text: string, start: number): FieldReader => {
      const reader = new FieldReader(
        placesOf(text, lines, (offset) => start + offset),
        jsonRules,
      )
      readers.push(reader)
      return reader
    }
    if (file.text.length > longestText) {
      open('', 0).report('error', 0, 'the file is larger than 1 MiB')
      continue
    }
    const found = splitDocuments(file.text)
    if (found.length > mostDocuments) {
      open('', 0).report('error', 0, `the file has more than ${mostDocuments} documents`)
      continue
    }
    for (const document of found) {
      const read = readDocument(document, open(document.text, document.start))
      if (read?.component !== undefined) components.push(read.component)
      if (read?.resiliency !== undefined) documents.push(read.resiliency)
    }
  }
  const resiliency = selectResiliency(documents, options)
  const selected = selectComponents(components, options)
  return {
    components: selected.components,
    resiliency,
    diagnostics: inReadingOrder(
      [...readers.flatMap((reader) => reader.diagnostics), ...selected.diagnostics],
      files,
    ),
  }
}

/** What one file may hold, so that a file of separators is not a hundred thousand problems. */
const mostDocuments = 1000

interface Read {
  readonly component?: Component | undefined
  readonly resiliency?: ResiliencyDocument | undefined
}

function readDocument(document: DocumentText, reader: FieldReader): Read | undefined {
  const { text, start, isFirst, ignoredAt } = document
  if (ignoredAt !== undefined)
    reader.report('warning', ignoredAt - start, 'what stands behind --- is not read')
  try {
    const { root } = parseYaml(text, componentDialect)
    if (root === undefined) return undefined
    if (root.kind !== 'mapping') {
      const found = root.kind === 'scalar' ? 'a text' : 'a list'
      reader.report(
        'error',
        root.start,
        `the document is ${found}; expected a mapping with apiVersion and kind`,
      )
      return undefined
    }
    switch (documentKind(root, reader)) {
      case undefined:
        return undefined
      case 'Component':
        return { component: decodeComponent(root, reader) }
      case 'Resiliency':
        if (isFirst) return { resiliency: decodeResiliency(root, text, reader) }
        reader.report('warning', root.start, laterResiliency)
        return undefined
    }
  } catch (error) {
    if (!(error instanceof YamlSyntaxError)) throw error
    reader.report('error', error.offset, error.message)
    return undefined
  }
}

const laterResiliency = "daprd reads a Resiliency only from a file's first document; this one is ignored"
