import { requireNode } from '@dir/storage-core/node-version'

requireNode('@dir/storage-conformance', ['22.12'])
