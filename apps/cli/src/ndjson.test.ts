import { expect, test } from 'vitest'

import { jsonField, parseOperation } from './ndjson.ts'

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)

test.each([
  ['{"key":"a","value":"1"}', { type: 'put', key: bytes('a'), value: bytes('1') }],
  ['{"type":"put","key":"","value":""}', { type: 'put', key: bytes(''), value: bytes('') }],
  ['{"type":"del","key_hex":"00ff"}', { type: 'del', key: Uint8Array.of(0, 255) }],
  ['{"key_base64":"AP8=","value":"é\\u0000"}', { type: 'put', key: Uint8Array.of(0, 255), value: bytes('é\0') }],
])('%s', (line, operation) => {
  expect(parseOperation(line)).toEqual(operation)
})

test.each([
  ['', 'not JSON'],
  ['{"key":"a"', 'not JSON'],
  ['["a","b"]', 'must be a JSON object'],
  ['null', 'must be a JSON object'],
  ['{"value":"1"}', '"key" is missing'],
  ['{"key":"a"}', '"value" is missing'],
  ['{"key":1,"value":"1"}', '"key" must be a string'],
  ['{"key":"a","value":{"b":1}}', '"value" must be a string'],
  ['{"key":"a","key_hex":"61","value":"1"}', '"key" is given twice'],
  ['{"key":"a","vlaue":"1"}', '"vlaue" is not a field'],
  ['{"type":"del","key":"a","value":"1"}', 'a "del" has no "value"'],
  ['{"type":"merge","key":"a","value":"1"}', '"type" must be'],
  ['{"key":"\\ud800","value":"1"}', 'half a character'],
  ['{"key_base64":"*","value":"1"}', '"key_base64" must be base64'],
])('%s is refused', (line, message) => {
  expect(() => parseOperation(line)).toThrow(message)
})

test('fields are text if they can be', () => {
  expect(jsonField('key', bytes('a"\n'), 'text')).toBe('"key":"a\\"\\n"')
  expect(jsonField('value', Uint8Array.of(255), 'text')).toBe('"value_base64":"/w=="')
  expect(jsonField('value', bytes('a'), 'hex')).toBe('"value_hex":"61"')
})
