import type { Job, JobContext } from '../processes.ts'

/** What a job's function gets, with arguments of its own. */
export type With<Args> = JobContext & { readonly args: Args }

type ToJob = <Args extends Readonly<Record<string, unknown>>>(
  job: (context: With<Args>) => Promise<unknown>,
  args: Args,
  more?: Pick<Job, 'init' | 'namespace'>,
) => Job

/** Makes jobs for child processes of what `module` (its `import.meta.url`) exports. */
export function jobsOf(module: string): ToJob {
  return (job, args, more = {}) => ({ module, run: job.name, args, ...more })
}
