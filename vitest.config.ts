import { cloudflareTest } from '@cloudflare/vitest-plugin'
import { defineConfig } from 'vitest/config'

/** Folders whose tests need processes, sockets or bundles, each a project of its own. */
const withProcesses = ['conformance', 'targets', 'cli', 'servers', 'workerd'].map(
  (folder) => `test/${folder}/**`,
)

/** The newest date that the pinned workerd (1.20261023.1) accepts; with a later one it does not start. */
const compatibilityDate = '2026-10-23'

/** A test fails by its assertions; the time it may take on a busy machine is no statement about the code. */
const patience = 60_000

export default defineConfig({
  test: {
    // Two cores: more workers only take turns.
    maxWorkers: 2,
    // Waiting for a server is what half of these do; it makes no test worth a line.
    slowTestThreshold: 20_000,
    // A unit test runs in Node and in workerd, because src/ must; one named *.node.test.ts only in Node.
    projects: [
      {
        test: { name: 'node', include: ['test/**/*.test.ts'], exclude: withProcesses, testTimeout: patience },
      },
      {
        plugins: [cloudflareTest({ miniflare: { compatibilityDate } })],
        test: {
          name: 'workerd',
          testTimeout: patience,
          include: ['test/**/*.test.ts'],
          exclude: [...withProcesses.filter((folder) => folder !== 'test/workerd/**'), '**/*.node.test.ts'],
        },
      },
      {
        test: {
          name: 'conformance',
          include: ['test/conformance/**/*.test.ts'],
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        test: {
          name: 'targets',
          include: ['test/targets/**/*.test.ts'],
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        test: {
          name: 'cli',
          include: ['test/cli/**/*.test.ts'],
          globalSetup: ['test/cli/packed.ts'],
          // They start programs, listen on ports and install packages: one file at a time.
          fileParallelism: false,
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
      {
        test: {
          name: 'servers',
          include: ['test/servers/**/*.test.ts'],
          globalSetup: ['test/servers/set-up.ts'],
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
    ],
  },
})
