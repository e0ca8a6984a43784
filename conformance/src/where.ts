import { existsSync, readFileSync } from 'node:fs'
import { SourceMap, type SourceMapPayload } from 'node:module'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'

const SOURCE = dirname(fileURLToPath(import.meta.url))
const PACKAGE = dirname(SOURCE)
const FRAME = /(?:file:\/\/)?(\/\S+|[A-Za-z]:\\\S+):(\d+):(\d+)\)?$/

interface Place {
  readonly file: string
  readonly line: number
  readonly column: number
}

/** An error made here, whose stack is deep enough to reach the scenario through its helpers. Reading it is what costs. */
export function traceHere(): Error {
  const limit = Error.stackTraceLimit
  Error.stackTraceLimit = 30
  const trace = new Error()
  Error.stackTraceLimit = limit
  return trace
}

/** Where in a scenario a stack comes from, as `src/scenarios/saga.ts:45:9`; undefined: from none. */
export function whereOf(stack: string | undefined): string | undefined {
  const places = (stack ?? '').split('\n').flatMap((line): Place[] => {
    const [, file, row, column] = FRAME.exec(line.trim()) ?? []
    return file === undefined ? [] : [original({ file, line: Number(row), column: Number(column) })]
  })
  const own = places.map(({ file, ...place }) => ({ ...place, file: relative(PACKAGE, file) }))
  const place =
    own.find(({ file }) => /^src.scenarios.(?!kit|rounds)/.test(file)) ??
    own.find(({ file }) => /^src.(?:scenarios.|model.|linear.|preflight|refusals)/.test(file))
  return place && `${place.file.replaceAll('\\', '/')}:${place.line}:${place.column}`
}

const maps = new Map<string, SourceMap | null>()

/** The place in the source, where the file that runs was made of one. */
function original(place: Place): Place {
  if (!place.file.startsWith(SOURCE) || place.file.endsWith('.ts')) return place
  const map = maps.get(place.file) ?? readMap(place.file)
  maps.set(place.file, map)
  const origin = map?.findOrigin(place.line, place.column)
  if (origin === undefined || !('fileName' in origin)) return place
  const { fileName, lineNumber, columnNumber } = origin
  return { file: join(dirname(place.file), fileName), line: lineNumber, column: columnNumber }
}

function readMap(file: string): SourceMap | null {
  const path = `${file}.map`
  return existsSync(path) ? new SourceMap(JSON.parse(readFileSync(path, 'utf8')) as SourceMapPayload) : null
}
