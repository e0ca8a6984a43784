import './check-node.ts'
export { type Assert, AssertionFailure, type StorageErrorLike } from './assert.ts'
export type { Backend, Claims, Deviation, PartialHandle } from './backend.ts'
export {
  type Job,
  type JobContext,
  type ProcessOptions,
  type Processes,
  type RunningJob,
  createProcesses,
} from './processes.ts'
export { renderMarkdown } from './render.ts'
export { type Report, closingLine } from './report.ts'
export { type Run, type RunOptions, createRun, runConformance } from './run.ts'
export { LEVELS, type Level, type Scenario, type ScenarioContext } from './scenario.ts'
export { SCENARIOS } from './scenarios/index.ts'
export { type With, jobsOf } from './scenarios/jobs.ts'
export type { Planned } from './schedule.ts'
export { Inconclusive, SIDE, type ScenarioResult, type Side, type Verdict } from './verdict.ts'
