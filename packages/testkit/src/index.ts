/** Seeded randomness, models and conformance suites for the tests of the other packages. */
export { ArrayIterator, compareKeys, randomEntries, type Entry } from './entries.ts'
export { fuzz, mutate, type FuzzResult, type FuzzTarget } from './node-fuzzing.ts'
export { iteratorConformance, type MakeSubject, type Subject } from './iterator-conformance.ts'
export { Random, testSeed } from './random.ts'
export { shrink } from './shrink.ts'
