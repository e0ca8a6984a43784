import { request } from 'node:http'
import { text } from 'node:stream/consumers'
import { memoryStorage } from '@dir/storage-memory'
import { sqliteStorage } from '@dir/storage-sqlite'
import { beforeEach, describe, expect, test } from 'vitest'
import { fill } from '../../../conformance/src/scenarios/filled.ts'
import type { FlowAnswer } from '../src/inspect/answers.ts'
import { dirStorage, ended, folder, start } from './command.ts'
import { inspecting } from './inspecting.ts'

interface Answered {
  readonly status: number | undefined
  readonly headers: Readonly<Record<string, unknown>>
  readonly body: string
}

/** Asks as nothing but a browser elsewhere would: with any method, and under any name of this machine. */
function ask(url: string, { method = 'GET', host = new URL(url).host } = {}): Promise<Answered> {
  return new Promise((resolve, reject) => {
    const asked = request(url, { method, headers: { host } }, (response) => {
      const { statusCode: status, headers } = response
      text(response).then((body) => resolve({ status, headers, body }), reject)
    })
    asked.once('error', reject).end()
  })
}

const json = async (url: string): Promise<unknown> => JSON.parse((await ask(url)).body)

let storage = memoryStorage()
let url: string

beforeEach(async () => {
  storage = memoryStorage()
  await fill(storage)
  url = await inspecting(storage)
})

describe('the server', () => {
  test('answers whoever knows the token, and nobody else', async () => {
    const { origin, port, pathname } = new URL(url)
    const token = pathname.slice(1, -1)
    expect(token.length).toBeGreaterThanOrEqual(32)
    for (const [address, options, status] of [
      [url, {}, 200],
      [url, { host: `localhost:${port}` }, 200],
      [`${url}style.css`, {}, 200],
      [`${url}lit-html/lit-html.js`, {}, 200],
      [`${url}store`, {}, 200],
      [`${origin}/`, {}, 404],
      [`${origin}/${token}`, {}, 404],
      [`${origin}/${token.slice(0, -1)}/`, {}, 404],
      [`${origin}/${token}x/store`, {}, 404],
      [`${origin}/${'x'.repeat(token.length)}/store`, {}, 404],
      [`${url}nothing`, {}, 404],
      [`${url}constructor`, {}, 404],
      [`${url}..%2f..%2fpackage.json`, {}, 404],
      [`${url}tsconfig.json`, {}, 404],
      [url, { host: `evil.example:${port}` }, 421],
      [url, { host: '127.0.0.1' }, 421],
      [`${url}store`, { method: 'POST' }, 405],
      [`${url}store`, { method: 'OPTIONS' }, 405],
    ] as const)
      expect([address, options, (await ask(address, options)).status]).toEqual([address, options, status])
  })

  test('says on every answer that nothing else may use it', async () => {
    for (const address of [url, `${url}store`, `${url}nothing`, new URL(url).origin]) {
      const { headers } = await ask(address)
      expect(headers['content-security-policy']).toContain("default-src 'none'; script-src 'self';")
      expect(headers['content-security-policy']).toContain("require-trusted-types-for 'script'")
      expect([headers['referrer-policy'], headers['cache-control']]).toEqual(['no-referrer', 'no-store'])
      expect(headers).not.toHaveProperty('access-control-allow-origin')
    }
  })

  test('listens on this machine alone', () => {
    expect(new URL(url).hostname).toBe('127.0.0.1')
  })
})

describe('it answers', () => {
  test('what stands open', async () => {
    const since = expect.stringMatching(/^\d{4}-/) as string
    expect(await json(`${url}attention`)).toEqual({
      requests: { count: 2, isCut: false, since },
      claims: { count: 0, isCut: false, since: null },
      dirty: { count: 3, isCut: false, since },
    })
    const held = (await json(`${url}capital`)) as { resources: { largest: { dfid: string } }[] }
    const resources = held.resources.map((one) => ({ ...one, largest: { dfid: one.largest.dfid } }))
    expect({ ...held, resources }).toEqual({
      resources: [
        { resourceId: 'a', amount: 9_007_199, holds: 2, flows: 2, largest: { dfid: 'a' }, since },
        { resourceId: 'b', amount: 0.1, holds: 1, flows: 1, largest: { dfid: 'z' }, since },
      ],
      holds: 3,
      isCut: false,
    })
    const statuses = [{ status: 'S', flows: 2 }]
    expect(await json(`${url}statuses`)).toEqual({ statuses, flows: 2, isCut: false })
    const cut = [{ status: 'S', flows: 1 }]
    expect(await json(`${url}statuses?most=1`)).toEqual({ statuses: cut, flows: 1, isCut: true })
  })

  test('lists with their filters, and no more than is asked for', async () => {
    const cases: readonly (readonly [string, string, readonly unknown[], boolean])[] = [
      ['flows', 'dfid', ['a', 'b'], false],
      ['flows?limit=1', 'dfid', ['a'], true],
      ['flows?status=X', 'dfid', [], false],
      ['holds?resource=b', 'dfid', ['z'], false],
      ['requests?status=RESOLVED', 'dfid', ['a'], false],
      ['claims?state=inFlight', 'key', ['claimed'], false],
      ['dirty', 'dfid', ['a', 'b', 'c'], false],
      ['agents', 'agentId', ['__proto__', 'z'], false],
      ['events?flow=flow%201', 'event', ['E3', 'E1'], false],
      ['events?agent=agent%202&limit=1', 'event', ['E2'], false],
      ['events?event=E4&until=2000-01-01', 'event', [], false],
    ]
    for (const [asked, key, expected, isCut] of cases) {
      const { items, ...rest } = (await json(url + asked)) as { items: Record<string, unknown>[] }
      expect([asked, items.map((item) => item[key]), rest]).toEqual([asked, expected, { isCut }])
    }
    expect((await ask(`${url}agents`)).body).not.toContain('sessionToken')
  })

  test('the story of a flow, the last part of a long one, and null for none', async () => {
    await storage.decisionAudit.record('c', 'ASKED', { agentId: 'z' })
    const { dfid, story, earlier, agents } = (await json(`${url}flow?id=c&limit=1`)) as FlowAnswer
    expect([dfid, story.map(({ kind }) => kind), earlier]).toEqual(['c', ['event'], 2])
    expect(agents).toEqual([{ agentId: 'z', status: 'SUSPENDED' }])
    expect(await json(`${url}flow?id=none`)).toBeNull()
  })

  test('400 for what makes no sense, and 503 where the store fails', async () => {
    for (const asked of ['flow', 'flows?limit=x', 'requests?status=x', 'events?from=soon']) {
      const { status, body } = await ask(url + asked)
      expect([asked, status]).toEqual([asked, 400])
      expect(JSON.parse(body)).toEqual({ message: expect.stringMatching(/./) as string })
    }
    await storage.close()
    const { status, body } = await ask(`${url}flows`)
    expect([status, JSON.parse(body)]).toEqual([
      503,
      { message: expect.stringContaining('STORAGE_CLOSED') as string },
    ])
  })
})

describe('the command', () => {
  test('prints the address, and ends when it is interrupted', async () => {
    const file = `${folder()}/store.sqlite`
    await using written = sqliteStorage(file)
    await fill(written)
    const child = start(['inspect', `sqlite:${file}`], folder())
    const end = ended(child)
    const address = await new Promise<string>((resolve) => {
      child.stdout.once('data', (chunk: Buffer) => resolve(String(chunk).trim()))
    })
    const { items } = (await json(`${address}flows`)) as { items: { dfid: string }[] }
    expect(items.map(({ dfid }) => dfid)).toEqual(['a', 'b'])
    // one who listens does not keep it
    const live = await fetch(`${address}live`)
    child.kill('SIGINT')
    const said = `Shows sqlite:${file}; Ctrl-C ends it.\n`
    expect(await end).toEqual({ code: 130, stdout: `${address}\n`, stderr: said })
    await expect(live.text()).rejects.toThrow('terminated')
  })

  test('refuses a port that is in use, and one that is none', async () => {
    const { port } = new URL(url)
    const args = ['inspect', `sqlite:${folder()}/none.sqlite`, '--port']
    const used = await dirStorage(...args, port)
    expect(used).toEqual({
      code: 3,
      stdout: '',
      stderr: expect.stringContaining(`Port ${port} is in use`) as string,
    })
    const none = await dirStorage(...args, '70000')
    expect([none.code, none.stdout]).toEqual([2, ''])
    expect(none.stderr).toContain('70000')
  })
})
