import { memoryStorage } from '@dir/storage-memory'
import { HANDLE_OPTIONS, malformedInput } from './suite.ts'

// Nothing leaves the process, so what tells is that the records stay as they are.
malformedInput('memory', async () => ({
  meter: null,
  open: () => memoryStorage(HANDLE_OPTIONS),
  end: async () => {},
}))
