import './check-node.ts'

export { type InstrumentationOptions, instrumentStorage } from './instrument.ts'
