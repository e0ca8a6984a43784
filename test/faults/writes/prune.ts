// What removes a flow that is over, from everything that it has left.
import type { Write } from './write.ts'

export const prunes: readonly Write[] = [
  {
    name: 'prune',
    async prepare(storage, id) {
      await storage.decisionAudit.record(id, 'first')
      await storage.context.setSession(id, '"first"')
      await storage.lifecycle.recordTransition(id, null, id)
      await storage.decisionAudit.record('later', 'the last event of the log')
      const [flow] = await storage.lifecycle.getTransitions(id)
      // the next millisecond, in which the flow is older than now
      for (const since = Date.parse(flow?.createdAt ?? ''); Date.now() <= since;)
        await new Promise(setImmediate)
    },
    // what the others write stays: by their age no results and tokens go
    act: (storage, id) => storage.prune({ before: new Date().toISOString(), terminal: [id] }),
    look: async (storage, id) => [
      (await storage.decisionAudit.eventsForDfid(id)).map(({ event }) => event),
      (await storage.lifecycle.getTransitions(id)).map(({ toStatus }) => toStatus),
      await storage.context.getSession(id),
    ],
    later: ({ lifecycle }, id) => lifecycle.transition(id, id, 'LATER'),
    steps: 10,
    isAlone: true,
  },
]
