import { availableParallelism } from 'node:os'
import { configDefaults, defineConfig } from 'vitest/config'
import { BaseSequencer, type TestSpecification } from 'vitest/node'

// Tests that need PostgreSQL, Redis or MongoDB: scripts/servers starts them.
const live = '**/*.live.test.ts'

/** What takes longest by far, in that order: it begins first, so that all ends soonest on several cores. */
const LONGEST = [
  'conformance/test/mutants.test.ts',
  'storage-mongo/test/conformance.live.test.ts',
  'storage-postgres/test/conformance.live.test.ts',
  'storage-redis/test/conformance.live.test.ts',
  'storage-sqlite/test/conformance.test.ts',
  'test/faults/faults.live.test.ts',
  'test/load/load.live.test.ts',
]

class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const place = ({ moduleId }: TestSpecification): number => {
      const found = LONGEST.findIndex((file) => moduleId.endsWith(file))
      return found === -1 ? LONGEST.length : found
    }
    return files.toSorted((one, other) => place(one) - place(other))
  }
}

export default defineConfig({
  // Node gets these as --conditions. Nothing else may stand here: "import" would break require() inside drivers.
  ssr: { resolve: { conditions: ['@dir/source'] } },
  test: {
    // many tests wait for a server, a disk or a lease most of the time
    maxWorkers: Math.ceil(availableParallelism() * 1.5),
    sequence: { sequencer: LongestFirst },
    reporters: ['default', './scripts/summary-reporter.ts'],
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: [
            '{packages/*,conformance,examples/*,bench}/test/**/*.test.ts',
            'test/{,faults/,malformed/}*.test.ts',
          ],
          exclude: [...configDefaults.exclude, live],
          testTimeout: 300_000, // only what hangs; the two cores may be busy
          sequence: { groupOrder: 1 },
        },
      },
      {
        extends: true,
        test: {
          name: 'live',
          include: [
            '{packages/*,conformance,examples/*,scripts/servers}/test/' + live,
            'test/{faults,load,malformed}/' + live,
            'test/*.live.test.ts',
          ],
          globalSetup: './scripts/servers/setup.ts',
          testTimeout: 300_000,
          hookTimeout: 240_000,
          sequence: { groupOrder: 1 },
        },
      },
      {
        extends: true,
        // Packs and installs what is published: needs `turbo run build` first, and runs after the quick tests.
        test: {
          name: 'packages',
          include: ['test/published/*.test.ts'],
          globalSetup: './scripts/servers/setup.ts',
          testTimeout: 300_000,
          hookTimeout: 240_000,
          sequence: { groupOrder: 2 },
        },
      },
    ],
  },
})
