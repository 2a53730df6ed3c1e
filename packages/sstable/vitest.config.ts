import { defineProject } from 'vitest/config'

export default defineProject({ test: { name: 'sstable', include: ['src/**/*.test.ts', 'test/**/*.test.ts'] } })
