import { MongoClient } from 'mongodb'
import type { AuditTable } from './rows.ts'

export async function mongoTable(url: string, namespace: string): Promise<AuditTable> {
  const client = new MongoClient(url)
  const events = client
    .db('dir_storage')
    .collection<{ _id: number }>(`${namespace}.decision_audit_events`, { writeConcern: { w: 'majority' } })
  return {
    async replace(seqs, rows) {
      await events.deleteMany({ _id: { $in: [...seqs] } })
      const documents = rows.map(({ seq, agentId, ...row }) => {
        return { _id: seq, ...row, ...(agentId === null ? {} : { agentId }) }
      })
      if (documents.length > 0) await events.insertMany(documents)
    },
    close: () => client.close(),
  }
}
