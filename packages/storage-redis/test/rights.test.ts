import { PROTOCOLS } from '@dir/storage-core'
import { expect, test } from 'vitest'
import { readScript } from '../src/read-script.ts'
import { writeScript } from '../src/write-script.ts'

test('scripts name each command where they run it, so that none is missing among the rights that are judged', () => {
  const scripts = [...PROTOCOLS.map(readScript), writeScript(new Set(PROTOCOLS), false)]
  for (const { text } of scripts)
    expect(text.match(/\b(?:redis\.p?call|write)\((?!'[A-Z]+'|\.\.\.\)).*/g) ?? []).toEqual([])
})
