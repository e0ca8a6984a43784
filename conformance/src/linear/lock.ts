import { type Subject, pick, subject } from './subject.ts'

const RESOURCES = ['r0', 'r1', 'r2'] as const
const CAPACITY = 10

type Amounts = Readonly<Record<string, number>>
/** What each flow holds, by flow and resource. */
type Holds = Readonly<Record<string, Amounts>>

type Input =
  | { readonly call: 'acquire'; readonly dfid: string; readonly amounts: Amounts }
  | { readonly call: 'release'; readonly dfid: string }
  | { readonly call: 'locked'; readonly resource: string; readonly except: string }

function heldBy(holds: Holds, resource: string, except: string): number {
  return Object.entries(holds).reduce(
    (sum, [dfid, amounts]) => sum + (dfid === except ? 0 : (amounts[resource] ?? 0)),
    0,
  )
}

/** How often to release: only while most attempts are refused, so that about half of them are, on any backend. */
function releaseShare(answers: readonly unknown[]): number {
  const refused = answers.filter((answer) => answer === 'refused').length
  const granted = answers.filter((answer) => answer === 'granted').length
  return refused > granted ? 0.5 : 0
}

/**
 * The clients are rude: they take flows from each other, release what others hold and acquire again over it. Polite
 * ones do not find a lock that lets two in.
 */
export const lock: Subject = subject<Holds, Input>({
  name: 'lock',
  title: 'a lock over several resources is granted only where all of it fits, whoever comes between',
  protocol: 'resourceLock',
  capabilities: ['capacities'],
  initial: {},
  draw(random, client, answers) {
    const dfid = random() < 0.85 ? `f${client}` : pick(random, ['f0', 'f1', 'f2', 'f3'])
    const kind = random()
    if (kind < 0.1) return { call: 'locked', resource: pick(random, RESOURCES), except: dfid }
    if (random() < releaseShare(answers)) return { call: 'release', dfid }
    const wanted = RESOURCES.filter(() => random() < 0.6)
    const amounts = Object.fromEntries(wanted.map((resource) => [resource, 1 + Math.floor(random() * 5)]))
    return { call: 'acquire', dfid, amounts }
  },
  async perform({ resourceLock }, id, input) {
    const named = (amounts: Amounts) =>
      Object.fromEntries(Object.entries(amounts).map(([resource, amount]) => [`${id}/${resource}`, amount]))
    const dfid = `${id}/${input.call === 'locked' ? input.except : input.dfid}`
    if (input.call === 'locked') return resourceLock.getLockedAmount(`${id}/${input.resource}`, dfid)
    if (input.call === 'release') return resourceLock.release(dfid).then(() => 'released')
    const capacities = named(Object.fromEntries(RESOURCES.map((resource) => [resource, CAPACITY])))
    return resourceLock.acquireBatch(dfid, named(input.amounts), 30, { capacities }).then(
      (granted) => (granted ? 'granted' : 'contended'),
      (error: { code?: string }) => {
        if (error.code === 'STORAGE_INSUFFICIENT_CAPACITY') return 'refused'
        throw error
      },
    )
  },
  step(holds, { input, output }) {
    if (input.call === 'locked')
      return output === undefined || output === heldBy(holds, input.resource, input.except)
        ? holds
        : undefined
    if (input.call === 'release') {
      const { [input.dfid]: _, ...others } = holds
      return others
    }
    if (output === 'contended') return holds
    const fits = Object.entries(input.amounts).every(
      ([resource, amount]) => heldBy(holds, resource, input.dfid) + amount <= CAPACITY,
    )
    if (output !== undefined && output !== (fits ? 'granted' : 'refused')) return undefined
    return fits ? { ...holds, [input.dfid]: { ...holds[input.dfid], ...input.amounts } } : holds
  },
  key: (holds) =>
    Object.keys(holds)
      .sort()
      .map((dfid) => dfid + RESOURCES.map((resource) => holds[dfid]?.[resource] ?? '').join())
      .join(),
})
