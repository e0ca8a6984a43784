import { requireNode } from '@dir/storage-core/node-version'

requireNode('@dir/storage-cli', ['22.12'])
