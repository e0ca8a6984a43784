import { requireNode } from './node-version.ts'

requireNode('@dir/storage-core', ['22.12'])
