import { requireNode } from '@dir/storage-core/node-version'

requireNode('@dir/storage-otel', ['22.12'])
