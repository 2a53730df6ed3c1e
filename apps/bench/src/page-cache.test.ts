import { expect, test } from 'vitest'

import { systemPageCache } from './page-cache.ts'

test('whether pages can be dropped is known beforehand', () => {
  const lack = systemPageCache.lack()
  if (process.platform !== 'linux') expect(lack).toContain('Linux')
  else expect([undefined, 'only root can drop the page cache']).toContain(lack)
})
