import { expect, test } from 'vitest'

import { lines } from './lines.ts'

async function all(...chunks: (string | number[])[]): Promise<string[]> {
  async function* source(): AsyncGenerator<Uint8Array> {
    for (const chunk of chunks) yield typeof chunk === 'string' ? Buffer.from(chunk) : Uint8Array.from(chunk)
  }
  const found: string[] = []
  for await (const { number, text } of lines(source())) found.push(`${number}:${text}`)
  return found
}

test('lines across chunks, with and without an end', async () => {
  expect(await all()).toEqual([])
  expect(await all('a')).toEqual(['1:a'])
  expect(await all('a\nb\r\n\nc', 'd', '', 'e\n')).toEqual(['1:a', '2:b', '3:', '4:cde'])
  expect(await all('\n')).toEqual(['1:'])
})

test('nothing but LF ends a line', async () => {
  expect(await all('a\u2028b\u2029c\rd\n')).toEqual(['1:a\u2028b\u2029c\rd'])
})

test('characters may lie across chunks; a byte-order mark at the beginning is dropped', async () => {
  expect(await all([0xef, 0xbb], [0xbf, 0xc3], [0xa9, 0x0a])).toEqual(['1:é'])
})

test('what is not UTF-8 is refused', async () => {
  await expect(all('a\n', [0xff])).rejects.toThrow('not UTF-8 text, in line 2')
  await expect(all('a\n', [0xc3])).rejects.toThrow('not UTF-8 text')
})
