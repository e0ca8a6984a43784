import { MUTANTS } from '../src/mutants/index.ts'
import { measure } from './measure.ts'
import { soundFor } from './memory.ts'

// Prints which scenario kills which mutants: node --conditions=@dir/source conformance/test/kill-table.ts

const kills = new Map<string, string[]>()
await Promise.all(
  MUTANTS.map(async (mutant) => {
    for (const { id, verdict } of await measure(mutant.wrap(soundFor(mutant)))) {
      const killed = kills.get(id) ?? []
      kills.set(id, killed)
      if (verdict === 'fail') killed.push(mutant.id)
    }
  }),
)
for (const [id, mutants] of kills) console.log(`${id}: ${mutants.join(', ') || '-'}`)
const killing = [...kills.values()].filter((mutants) => mutants.length > 0).length
console.log(`${MUTANTS.length} mutants; ${killing} of ${kills.size} scenarios kill at least one`)
