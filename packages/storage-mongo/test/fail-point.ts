import { MongoClient } from 'mongodb'

export interface Failing {
  readonly failCommands: readonly string[]
  /** Only those on this collection, named with its database. */
  readonly namespace?: string
  readonly errorCode?: number
  readonly errorLabels?: readonly string[]
  readonly closeConnection?: boolean
  /** They are carried out, so much later. */
  readonly blockConnection?: boolean
  readonly blockTimeMS?: number
  readonly writeConcernError?: object
  readonly errorExtraInfo?: object
}

/** Makes a server fail as it is told, which it does for tests. */
export class FailPoint {
  readonly admin: MongoClient

  constructor(url: string) {
    this.admin = new MongoClient(url)
  }

  /** The next commands of this kind fail so; `times` 0: all of them. */
  async fail(failing: Failing, times = 0): Promise<void> {
    const mode = times === 0 ? 'alwaysOn' : { times }
    await this.admin.db('admin').command({ configureFailPoint: 'failCommand', mode, data: failing })
  }

  async heal(): Promise<void> {
    await this.admin.db('admin').command({ configureFailPoint: 'failCommand', mode: 'off' })
  }

  async during<T>(how: Failing, act: () => Promise<T>): Promise<T> {
    await this.fail(how)
    try {
      return await act()
    } finally {
      await this.heal()
    }
  }

  close(): Promise<void> {
    return this.admin.close()
  }
}
