/** How a child process ends that has nothing left to do, and does not end by itself. */
export const FORCED_EXIT = 86
