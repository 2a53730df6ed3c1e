/**
 * What is done with every byte of a block, in WebAssembly: CRC-32C, Snappy both ways, the making of pages, and the decoding of
 * indexes. AssemblyScript; `build.mjs` compiles it, and `src/block-kernel.ts` runs it. Each file names its twin in TypeScript, which
 * says why things are as they are: what comes out is the same, byte for byte.
 *
 * 1. The memory never grows. The caller keeps to the sizes: 256 KiB and some bytes of input, as many of output. Copies go eight
 *    bytes at a time and end up to seven bytes late.
 * 2. Everything is checked against what is left of input and output before it is carried out.
 */
export { begin, checksum } from './checksum'
export { compress } from './compress'
export { expand } from './expand'
export { index, indexForm } from './index'
export { page } from './page'
