import { requireNode } from '@dir/storage-core/node-version'

requireNode('@dir/storage-postgres', ['22.12'])
