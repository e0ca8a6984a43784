import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { USAGE, UsageError, readArguments } from '../src/arguments.ts'
import { run } from './run.ts'

const read = (line: string) => readArguments(line.split(' ').filter(Boolean), 5105)

describe('the command line', () => {
  const defaults = {
    backend: 'sqlite',
    days: 500,
    workers: 1,
    crash: null,
    unsafe: false,
    store: null,
    keep: false,
  }

  it('has defaults', () => {
    expect(read('')).toEqual(defaults)
  })

  it('takes every option', () => {
    expect(read('--backend sqlite --days all --workers 4 --crash --unsafe --store a/b')).toEqual({
      backend: 'sqlite',
      days: 5105,
      workers: 4,
      crash: 'order',
      unsafe: true,
      store: 'a/b',
      keep: false,
    })
    expect(read('--keep')).toEqual({ ...defaults, keep: true })
    // that one stays anyhow
    expect(read('--keep --store a/b')).toEqual({ ...defaults, store: 'a/b' })
    expect(read('--workers 2 --crash-at 7')).toEqual({ ...defaults, workers: 2, crash: 7 })
    expect(read('--help')).toBeNull()
  })

  it.each([
    ['--backend oracle', '--backend must be memory, sqlite, postgres, redis, mongo or mix, not "oracle".'],
    [
      '--backend toString',
      '--backend must be memory, sqlite, postgres, redis, mongo or mix, not "toString".',
    ],
    ['--days 0', '--days must be a whole number from 1 to 5105, not "0".'],
    ['--days 1.5', '--days must be a whole number from 1 to 5105, not "1.5".'],
    ['--days 5106', '--days must be a whole number from 1 to 5105, not "5106".'],
    ['--workers 17', '--workers must be a whole number from 1 to 16, not "17".'],
    ['--workers 2 --crash-at 0', '--crash-at must be a whole number from 1 to 1000000, not "0".'],
    ['--crash', '--crash kills one of several workers: use it with --workers 2 or more.'],
    ['--store=', '--store needs a path, or a name.'],
    [
      '--backend memory --workers 2',
      'The memory backend lives in one process: use --workers 1, or another backend.',
    ],
    [
      '--backend memory --store x',
      'The memory backend keeps nothing: leave --store out, or use another backend.',
    ],
    ['--speed', "Unknown option '--speed'"],
  ])('refuses %s', (line, message) => {
    expect(() => read(line)).toThrow(new UsageError(message))
  })

  it('keeps a store on a server only where the server is the user’s, and by the name of a namespace', () => {
    onTestFinished(() => void vi.unstubAllEnvs())
    const names = ['STORAGE_POSTGRES_URL', 'STORAGE_REDIS_URL', 'STORAGE_MONGO_URL']
    for (const name of names) vi.stubEnv(name, '')
    const without = (line: string, missing: string): void =>
      expect(() => read(line)).toThrow(new UsageError(`--store on ${missing}.`))
    without('--backend redis --store x', 'redis needs a server that stays: set STORAGE_REDIS_URL')
    without('--backend mix --store x', `mix needs a server that stays: set ${names.join(', ')}`)
    vi.stubEnv('STORAGE_REDIS_URL', 'redis://127.0.0.1')
    expect(read('--backend redis --store my_desk')).toEqual({
      ...defaults,
      backend: 'redis',
      store: 'my_desk',
    })
    for (const name of ['a/b', 'Desk', ''])
      expect(() => read(`--backend redis --store=${name}`)).toThrow(UsageError)
  })

  it('answers a mistake with one line, the usage and exit code 2', async () => {
    const { code, stdout, stderr } = await run('--days', 'many')
    expect({ code, stdout, stderr }).toEqual({
      code: 2,
      stdout: '',
      stderr: `--days must be a whole number from 1 to 5105, not "many".\n\n${USAGE}\n`,
    })
    expect(await run('--help')).toEqual({ code: 0, stdout: `${USAGE}\n`, stderr: '' })
  })
})
