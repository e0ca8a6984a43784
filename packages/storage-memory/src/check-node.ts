import { requireNode } from '@dir/storage-core/node-version'

requireNode('@dir/storage-memory', ['22.12'])
