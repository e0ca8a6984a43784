import { requireNode } from '@dir/storage-core/node-version'

requireNode('@dir/storage-redis', ['22.12'])
