import { InvalidArgumentError, isStorageError } from '@dir/storage-core'
import { NoServerError } from '../../../scripts/servers/index.ts'
import { KEPT, USAGE, UsageError, readArguments } from './arguments.ts'
import { backendOf } from './backends.ts'
import { loadBars } from './market.ts'
import { withPlace } from './place.ts'
import { run } from './run.ts'

const ABOUT_SERVER: ReadonlySet<string> = new Set(
  ['UNAVAILABLE', 'AUTH', 'PERMISSION', 'CONFIGURATION', 'SCHEMA'].map((what) => `STORAGE_${what}`),
)

const SIGNALS = { SIGINT: 130, SIGTERM: 143 } as const

/** Aborted by the first signal, with the exit code that belongs to it; the second one ends the process. */
const interruption = new AbortController()
for (const [signal, code] of Object.entries(SIGNALS)) process.once(signal, () => interruption.abort(code))

async function main(): Promise<number> {
  const allBars = loadBars()
  const given = readArguments(process.argv.slice(2), allBars.length)
  if (given === null) {
    console.log(USAGE)
    return 0
  }
  const bars = allBars.slice(0, given.days)
  const backend = backendOf(given.backend)
  const held = await withPlace(backend, given.store, async (place) => {
    const allHeld = await run(given, bars, place, interruption.signal)
    if (given.keep) {
      await backend.keep?.(place, KEPT)
      console.log(whatNext(given.unsafe, backend.keep === undefined ? null : KEPT))
    }
    return allHeld
  })
  return held ? 0 : 1
}

/** What to try now, with the store that was kept. */
function whatNext(unsafe: boolean, kept: string | null): string {
  const look = `\nLook at it:  npm run dir-storage -- inspect --store sqlite:${kept}`
  const lose = `\nSee what is lost where reading, deciding and writing are separate steps:  npm start -- --unsafe`
  return `${kept === null ? '' : look}${unsafe ? '' : lose}`
}

/** Says what went wrong. @returns the exit code. */
function report(error: unknown): number {
  const { aborted, reason } = interruption.signal
  if (aborted) {
    console.error('Interrupted.')
    return Number(reason)
  }
  if (error instanceof UsageError) {
    console.error(`${error.message}\n\n${USAGE}`)
    return 2
  }
  console.error(aboutServer(error) ?? error)
  return 1
}

/** What to say if there is nothing wrong here, but no server, or not one that we may use. */
function aboutServer(error: unknown): string | undefined {
  if (error instanceof NoServerError) return error.message
  if (error instanceof InvalidArgumentError && error.argument === 'url')
    return `A STORAGE_…_URL ${error.reason}.`
  return isStorageError(error) && ABOUT_SERVER.has(error.code)
    ? `${error.backend}: ${error.message}`
    : undefined
}

process.exitCode = await main().catch(report)
