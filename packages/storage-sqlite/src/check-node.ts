// Before better-sqlite3, which needs Node-API 10: an older Node ends there without a word.
import { requireNode } from '@dir/storage-core/node-version'

requireNode('@dir/storage-sqlite', ['22.14', '23.6'])
