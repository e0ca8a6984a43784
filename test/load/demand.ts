import { createHash } from 'node:crypto'

export const RESOURCES: readonly string[] = ['bonds', 'cash', 'energy', 'gold', 'metals', 'stocks', 'yen']

/** Of each resource; about fifty flows fill them all. */
export const CAPACITY = 40

export const CAPACITIES: Readonly<Record<string, number>> = Object.fromEntries(
  RESOURCES.map((resource) => [resource, CAPACITY]),
)

/** What a flow asks for, which its name alone says: two or three resources, and of each 1 to 4, or half a unit less. */
export function demandOf(flow: string): Record<string, number> {
  const digest = createHash('sha256').update(flow).digest()
  const dice = (n: number, sides: number): number => digest.readUInt8(n) % sides
  const [first, step] = [dice(0, RESOURCES.length), 1 + dice(1, RESOURCES.length - 1)]
  const wanted = Array.from({ length: 2 + dice(2, 2) }, (_, n) => {
    const resource = RESOURCES[(first + n * step) % RESOURCES.length] ?? ''
    return [resource, 1 + dice(3 + n, 4) - dice(6 + n, 2) / 2] as const
  })
  return Object.fromEntries(wanted)
}

/** Whether a flow that is seen to hold this holds all of what it asked for, and nothing else. */
export function isWhole(
  flow: string,
  holds: readonly { resourceId: string; amount: number | null }[],
): boolean {
  const demand = demandOf(flow)
  return (
    holds.length === Object.keys(demand).length &&
    holds.every(({ resourceId, amount }) => demand[resourceId] === amount)
  )
}
