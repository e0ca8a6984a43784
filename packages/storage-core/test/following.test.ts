import { expect, test } from 'vitest'
import type { StorageDriver } from '../src/adapter/driver.ts'
import { Following } from '../src/handle/following.ts'

/** A driver's watch that counts. */
function watched() {
  const seen = { begun: 0, stopped: 0, tell: (): void => {} }
  const watch: StorageDriver['watch'] = (changed) => {
    seen.begun++
    seen.tell = changed
    return { isLive: true, stop: () => void seen.stopped++ }
  }
  const { promise: closed, reject } = Promise.withResolvers<never>()
  closed.catch(() => {})
  const following = new Following({ watch } as StorageDriver, closed)
  return { seen, following, close: () => reject(new Error('closed')) }
}

test('all followers of a handle share one watch, which ends with the last of them', async () => {
  const { seen, following } = watched()
  const [one, other] = [following.join(), following.join()]
  const changes = [one.next(), other.next()]
  seen.tell()
  await Promise.all(changes)
  one.stop()
  one.stop()
  expect([seen.begun, seen.stopped]).toEqual([1, 0])
  other.stop()
  expect([seen.begun, seen.stopped]).toEqual([1, 1])
  following.join().stop()
  expect([seen.begun, seen.stopped]).toEqual([2, 2])
})

test('a change that comes before it is waited for is not missed', async () => {
  const { seen, following } = watched()
  const follower = following.join()
  const change = follower.next()
  seen.tell()
  await change
  follower.stop()
})

test('where no change is told, it is asked for', async () => {
  const follower = new Following({} as StorageDriver, new Promise<never>(() => {})).join()
  await follower.next()
  await follower.next()
  follower.stop()
})

test('closing wakes who waits, and ends the watch of one who does not read any more', async () => {
  const { seen, following, close } = watched()
  const change = following.join().next()
  close()
  await change
  expect(seen.stopped).toBe(1)
  following.join()
  expect(seen.begun).toBe(1)
})
