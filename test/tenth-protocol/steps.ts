/** What a tenth protocol adds: files of its own, by where they go and where they stand in this folder. */
export const NEW_FILES: Readonly<Record<string, string>> = {
  'packages/storage-core/src/protocols/notes.ts': 'core.ts.txt',
  'packages/storage-memory/src/notes.ts': 'memory.ts.txt',
  'conformance/src/scenarios/notes.ts': 'scenarios.ts.txt',
}

/** In one file: after each of these lines comes another one. */
export type Edit = readonly (readonly [after: string, line: string])[]

/** What it changes, by file. An adapter more is one file more, and one for its tables where it has any. */
export const EDITS: Readonly<Record<string, Edit>> = {
  'packages/storage-core/src/protocols/index.ts': [
    ['import { saga }', "import { notes } from './notes.ts'"],
    ['  lifecycle,', '  notes,'],
  ],
  'packages/storage-core/src/index.ts': [
    [
      'export type { LifecycleStorage',
      "export type { NoteExport, NotesStorage } from './protocols/notes.ts'",
    ],
  ],
  'packages/storage-memory/src/operations.ts': [
    ['import { lifecycle }', "import { notes } from './notes.ts'"],
    ['  lifecycle,', '  notes,'],
  ],
  'packages/storage-memory/src/state.ts': [
    ['  readonly transitions = ', '  readonly notes = new Map<string, { readonly note: string } & Stored>()'],
    ['      this.requests,', '      this.notes,'],
  ],
  'conformance/src/scenarios/index.ts': [
    ['import { scenarios as lifecycle }', "import { scenarios as notes } from './notes.ts'"],
    ['  ...lifecycle,', '  ...notes,'],
  ],
}
