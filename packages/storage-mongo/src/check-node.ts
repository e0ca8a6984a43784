import { requireNode } from '@dir/storage-core/node-version'

requireNode('@dir/storage-mongo', ['22.12'])
