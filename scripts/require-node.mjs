/**
 * Ends with one line when the Node that runs this cannot run the TypeScript in this folder.
 *
 * A plain `.mjs`, because an old Node ends at a `.ts` file before it reads a word of it. `npm install` brings
 * the right one, and npm puts it first in the PATH of its scripts.
 */
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
if (major < 22 || (major === 22 && minor < 18)) {
  console.error(
    `Node ${process.versions.node} is too old to work on this project (22.18 or later): run npm install, then npm test`,
  )
  process.exit(1)
}
