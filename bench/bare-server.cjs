// The peer: node:http and nothing else, answering fixed bodies by path. CommonJS, since an ESM import of
// node:http loads undici.
//
//   node bench/bare-server.cjs PORT BODIES.json
'use strict'

const { readFileSync } = require('node:fs')
const { createServer } = require('node:http')

const [, , port, file] = process.argv
const answers = new Map(
  Object.entries(JSON.parse(readFileSync(file, 'utf8'))).map(([path, body]) => [
    path,
    {
      headers: {
        'Content-Type': 'application/json',
        'Cache-Control': 'no-store',
        'Content-Length': Buffer.byteLength(body),
      },
      body,
    },
  ]),
)

createServer((request, response) => {
  const { headers, body } = answers.get(request.url)
  response.writeHead(200, headers)
  response.end(body)
}).listen(Number(port), '127.0.0.1')
