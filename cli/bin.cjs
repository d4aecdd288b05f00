#!/usr/bin/env node
// The program's front door, kept readable for any Node: it looks at the version, turns the compile cache on
// and hands over to the bundle beside it.
'use strict'

if (Number(process.versions.node.split('.')[0]) < 22) {
  process.stderr.write(`sidecarless needs Node.js 22 or later; this is ${process.version}\n`)
  process.exit(1)
}

const cache = compileCache()
const { main } = require('./main.cjs')
main(process.argv.slice(2)).then(exit, fail)
// Writing the cache is work for after the start.
if (cache) setImmediate(() => require('node:module').flushCompileCache())

/** Compiled code is kept in the user's own cache folder, and nowhere when there is none. */
function compileCache() {
  const { HOME, XDG_CACHE_HOME } = process.env
  const root = XDG_CACHE_HOME || (HOME && `${HOME}/.cache`)
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
  const frames = String(error?.stack)
    .split('\n')
    .filter((line) => /^\s+at /.test(line))
  const name = error?.constructor ? error.constructor.name : typeof error
  process.stderr.write(`sidecarless: internal error (${name}), please report it\n${frames.join('\n')}\n`)
  exit(1)
}
