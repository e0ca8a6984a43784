/**
 * An operation that writes only where its condition holds, as one statement (`alone`); a batch calls `judge`, which
 * keeps what it judged from changing until the commit, and once all conditions of the batch hold, `enact`.
 */
export type Batched<Args extends readonly unknown[], Answer> = ((...args: Args) => Promise<Answer>) & {
  judge(...args: Args): Promise<boolean>
  enact(...args: Args): Promise<Answer>
}

export function batched<Args extends readonly unknown[], Answer>(
  alone: (...args: Args) => Promise<Answer>,
  judge: (...args: Args) => Promise<boolean>,
  enact: (...args: Args) => Promise<Answer>,
): Batched<Args, Answer> {
  return Object.assign(alone, { judge, enact })
}
