// A backend broken on purpose, on SQLite: each process acknowledges the tenth event that is recorded alone, and drops it.
import { over } from '../../conformance/src/mutants/over.ts'
import sound from '../../packages/storage-sqlite/test/backend.ts'

const lossy = over(({ decisionAudit }) => {
  let [calls, last] = [0, 0]
  return {
    decisionAudit: {
      async record(...event) {
        if (++calls === 10) return last + 1
        return (last = await decisionAudit.record(...event))
      },
    },
  }
})

export default lossy(sound)
