// A backend broken on purpose, on SQLite: what is recorded within a transaction is recorded by the handle, whenever it can.
import { changed, over } from '../../conformance/src/mutants/over.ts'
import sound from '../../packages/storage-sqlite/test/backend.ts'

const outside = over((storage) => ({
  within: (client) =>
    changed(storage.within(client), {
      decisionAudit: {
        async record(...event: Parameters<typeof storage.decisionAudit.record>) {
          void storage.decisionAudit.record(...event).catch(() => {})
          return 1
        },
      },
    }),
}))

export default outside(sound)
