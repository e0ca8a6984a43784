/** What is closed at the end of the process unless it was before; left to itself, the driver does it in any order. */
const open = new Set<{ close(): void }>()

function closeAll(): void {
  for (const one of open) one.close()
}

export function closeAtExit(one: { close(): void }): void {
  if (open.size === 0) process.on('exit', closeAll)
  open.add(one)
}

export function forgetAtExit(one: { close(): void }): void {
  open.delete(one)
  if (open.size === 0) process.off('exit', closeAll)
}
