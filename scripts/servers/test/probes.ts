import { MongoClient } from 'mongodb'
import pg from 'pg'
import { redisCommand, type ServerName } from '../index.ts'

const PATIENCE_MS = 700

/** Writes a word to a server, and reads it again, each over a connection of its own. */
export interface Probe {
  write(url: string, word: string): Promise<void>
  read(url: string): Promise<string>
}

export const probes: Readonly<Record<ServerName, Probe>> = {
  postgres: {
    async write(url, word) {
      await query(url, 'CREATE TABLE words (word text)')
      await query(url, 'INSERT INTO words VALUES ($1)', [word])
    },
    read: async (url) => String((await query(url, 'SELECT word FROM words'))[0]?.['word']),
  },
  redis: {
    async write(url, word) {
      await redisCommand(url, 'SET', 'word', word)
    },
    read: async (url) => String((await redisCommand(url, 'GET', 'word')).split('\r\n')[1]),
  },
  mongo: {
    async write(url, word) {
      await withMongo(url, (client) => client.db('test').collection('words').insertOne({ word }))
    },
    read: (url) =>
      withMongo(url, async (client) =>
        String((await client.db('test').collection('words').findOne())?.['word']),
      ),
  },
}

export function answers(probe: Probe, { url }: { readonly url: string }): Promise<boolean> {
  return probe.read(url).then(
    () => true,
    () => false,
  )
}

async function query(url: string, sql: string, values: string[] = []): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({
    connectionString: url,
    connectionTimeoutMillis: 1_000,
    query_timeout: 1_000,
  })
  client.on('error', () => {})
  try {
    await client.connect()
    return (await client.query<Record<string, unknown>>(sql, values)).rows
  } finally {
    await client.end()
  }
}

export async function withMongo<T>(url: string, work: (client: MongoClient) => Promise<T>): Promise<T> {
  const limits = { serverSelectionTimeoutMS: PATIENCE_MS, socketTimeoutMS: PATIENCE_MS }
  const client = new MongoClient(url, { ...limits, retryWrites: true })
  try {
    return await work(client)
  } finally {
    await client.close()
  }
}
