#!/usr/bin/env node
// The program's front door, kept readable for any Node, and so without newer syntax: it looks at the version,
// turns the compile cache on and hands over to the bundle beside it.
'use strict'

const [major, minor] = process.versions.node.split('.').map(Number)
if (major < 22 || (major === 22 && minor < 12)) {
  process.stderr.write(`sidecarless needs Node.js 22.12 or later; this is ${process.version}\n`)
  process.exit(1)
}

const cache = compileCache()
const { main } = require('./main.cjs')
process.once('uncaughtException', fail)
main(process.argv.slice(2)).then(exit, fail)
// Writing the cache is work for after the start.
if (cache) setImmediate(() => require('node:module').flushCompileCache())

/** Compiled code is kept in the user's own cache folder, and nowhere when there is none. */
function compileCache() {
  const { HOME, XDG_CACHE_HOME } = process.env
  const { isAbsolute } = require('node:path')
  const root = [XDG_CACHE_HOME, HOME && `${HOME}/.cache`].find((folder) => folder && isAbsolute(folder))
  if (!root) return false
  const { enableCompileCache } = require('node:module')
  // A folder that cannot be written only means that nothing is kept.
  enableCompileCache(`${root}/sidecarless/compile`)
  return true
}

/** Ends the process once what was written has left it. */
function exit(code) {
  process.stdout.write('', () => process.exit(code))
}

/** A defect of ours. Its message is not shown: it may quote a value. */
function fail(error) {
  // Nobody reads what is printed any more, and so nobody is told.
  if (error instanceof Error && error.code === 'EPIPE') process.exit(1)
  const [name, stack] = error instanceof Error ? [error.constructor.name, error.stack] : [typeof error, '']
  const frames = stack.split('\n').filter((line) => /^\s+at /.test(line))
  process.stderr.write(`sidecarless: internal error (${name}), please report it\n${frames.join('\n')}\n`)
  process.exit(1)
}
