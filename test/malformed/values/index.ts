// What breaks each rule of the contract, kind by kind: the suite's lists, and what a hostile caller finds beside them.
export * from './hostile.ts'
export * from './json.ts'
export * from './numbers.ts'
export * from './records.ts'
export * from './texts.ts'
