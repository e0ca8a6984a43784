import { PROTOCOLS } from '@dir/storage-core'
import { memoryStorage } from '@dir/storage-memory'

const memory = memoryStorage()

/** The nine and nothing else. */
export default Object.fromEntries(PROTOCOLS.map((protocol) => [protocol, memory[protocol]]))
