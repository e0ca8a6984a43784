import { configDefaults, defineConfig } from 'vitest/config'
import { BaseSequencer, type TestSpecification } from 'vitest/node'

// Tests that need PostgreSQL, Redis or MongoDB: scripts/servers starts them.
const live = '**/*.live.test.ts'

/**
 * What takes longest by far begins first, so that all ends soonest on several cores: the suite's mutants, most of whose
 * time is waiting, and the suite on each backend.
 */
class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const length = ({ moduleId }: TestSpecification): number =>
      moduleId.endsWith('/mutants.test.ts') ? 2 : Number(moduleId.includes('conformance.'))
    return files.toSorted((one, other) => length(other) - length(one))
  }
}

export default defineConfig({
  // Node gets these as --conditions. Nothing else may stand here: "import" would break require() inside drivers.
  ssr: { resolve: { conditions: ['@dir/source'] } },
  test: {
    maxWorkers: '100%', // most tests wait for a server or a disk
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
          testTimeout: 30_000, // only what hangs; the two cores may be busy
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
          ],
          globalSetup: './scripts/servers/setup.ts',
          testTimeout: 30_000,
          hookTimeout: 60_000,
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
          testTimeout: 60_000,
          hookTimeout: 120_000,
          sequence: { groupOrder: 2 },
        },
      },
    ],
  },
})
