import type { Command } from '../command.ts'
import { EXIT } from '../exit-code.ts'
import type { Story } from '../story.ts'
import { storyOf } from '../story.ts'
import { printable } from '../terminal.ts'

/** Tells all that is known of one flow. */
export const flow: Command = {
  usage: 'flow <id>',
  summary: 'the whole story of a flow, in the order of time',
  details:
    'Transitions, events, holds, unfinished claims, its request with the decision, its mark. Exit code 1: nothing is known of it.',
  options: [],
  examples: ['flow trade-4711', "flow trade-4711 --json | jq -r '.story[].text'"],
  async run({ args: [dfid = ''], output, notes, open }) {
    const { storage } = await open('use')
    const story = await storyOf(storage, dfid)
    if (story === null) {
      notes.say(`Nothing is known of the flow ${printable(dfid)}.`)
      return EXIT.found
    }
    const lines = story.story.map(
      ({ at, kind, text }) =>
        `${output.paint('dim', at ?? '(no time)'.padEnd(27))}  ${kind.padEnd(10)}  ${printable(text)}`,
    )
    await output.document(story, [...heading(story), ...lines])
    return EXIT.fine
  },
}

function heading({ dfid, status, rejections, session }: Story): string[] {
  return [
    `${printable(dfid)}  ${printable(status ?? 'no status')}`,
    ...(rejections === 0 ? [] : [`rejections of its intent: ${rejections}`]),
    ...(session === null ? [] : [`it knows ${printable(session)}`]),
    '',
  ]
}
