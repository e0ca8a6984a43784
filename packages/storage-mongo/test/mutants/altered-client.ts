import { type ClientSession, type Collection, MongoClient } from 'mongodb'

export interface Alterations {
  /** Changes what the driver does with a collection, by its name without the namespace. */
  readonly collection?: (name: string, collection: Collection) => Collection
  readonly session?: (session: ClientSession) => ClientSession
}

/** A user's client that does other things than the driver wants: the way from the real driver to a real server, with one thing broken. */
export function alteredClient(url: string, { collection, session }: Alterations): MongoClient {
  const client = new MongoClient(url)
  const db = client.db.bind(client)
  const startSession = client.startSession.bind(client)
  return Object.assign(client, {
    db: (...place: Parameters<MongoClient['db']>) => {
      const real = db(...place)
      const get = real.collection.bind(real)
      const altered = (name: string, options?: object): Collection => {
        const found = get(name, options)
        return collection?.(name.slice(name.indexOf('.') + 1), found) ?? found
      }
      return Object.assign(real, { collection: altered })
    },
    startSession: (...options: Parameters<MongoClient['startSession']>) => {
      const real = startSession(...options)
      return session?.(real) ?? real
    },
  })
}
