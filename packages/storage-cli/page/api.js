/**
 * Asks the server for one of its answers.
 * @param {string} name
 * @param {Readonly<Record<string, string | number>>} [params]
 * @param {AbortSignal} [signal]
 * @returns {Promise<any>}
 */
export async function ask(name, params = {}, signal) {
  const url = `${name}?${new URLSearchParams(Object.entries(params).map(([key, value]) => [key, String(value)]))}`
  const response = await fetch(url, signal === undefined ? {} : { signal }).catch((error) => {
    if (signal?.aborted) throw error
    throw new Error('The command that serves this page has ended. Start it again, and open its new address.')
  })
  const answer = await response.json()
  if (!response.ok) throw new Error(answer.message)
  return answer
}

/**
 * Listens to the events after one of them, until `signal` fires.
 * @param {Readonly<Record<string, string | number>>} params
 * @param {{ onEvent: (event: any) => void, onState: (isLive: boolean, message: string) => void }} on
 * @param {AbortSignal} signal
 */
export function listen(params, { onEvent, onState }, signal) {
  const query = new URLSearchParams(Object.entries(params).map(([key, value]) => [key, String(value)]))
  const source = new EventSource(`live?${query}`)
  signal.addEventListener('abort', () => source.close(), { once: true })
  source.addEventListener('open', () => onState(true, ''))
  source.addEventListener('error', () => onState(false, 'The connection is lost; it is tried again.'))
  source.addEventListener('message', ({ data }) => onEvent(JSON.parse(data)))
  source.addEventListener('refused', ({ data }) => {
    source.close()
    onState(false, JSON.parse(data).message)
  })
}
