import { defineProject } from 'vitest/config'

export default defineProject({ test: { name: 'memtable', include: ['src/**/*.test.ts', 'test/**/*.test.ts'] } })
