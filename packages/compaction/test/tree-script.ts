/**
 * Trees and plans as text.
 *
 *     reader 50                              anybody reads as of 50 or later; 100 if not said
 *     writes L5 [a-c]                        a running job writes there; without such lines, the tree does not tell
 *     L0 #9[a-d] #8*[c-f 4M]                 tables: number, busy with *, first and last user key, size (1M if not said)
 *     L1 (c) #3[a-c 30% seq 7 old 5h]        the level's pointer; deletions; greatest sequence; age of data and table
 *     L2 #4[a-c data 5h]                     age of the data only
 *
 * A plan is printed as
 *
 *     rewrite L0 #9 #8 + L1 #3 → L1, grandparents #4, older L2 #4 L3 #5: level 0 has 4 tables
 *     move #9 L0 → L6: level 0 has 4 tables
 *     drop L0 #3: ...
 *     nothing
 */
import { internalKey, TYPE_VALUE } from '@lsm/base'

import type { LevelInput, Plan, RunningOutput, TableDescription, TreeDescription } from '../src/strategy.ts'

const HOUR = 3_600_000
const NOW = 10_000 * HOUR

/** Reads a tree. */
export function parseTree(script: string): TreeDescription {
  const levels: TableDescription[][] = Array.from({ length: 7 }, () => [])
  const pointers: (Uint8Array | undefined)[] = Array.from({ length: 7 })
  const busy = new Set<number>()
  const outputs: RunningOutput[] = []
  let oldestReader = 100
  for (const line of script.split('\n').map(text => text.trim())) {
    const [, level, rest] = /^L(\d)(.*)$/.exec(line) ?? []
    if (level !== undefined) {
      const pointer = /\((\w+)\)/.exec(rest)
      if (pointer !== null) pointers[Number(level)] = key(pointer[1])
      for (const [, number, mark, text] of rest.matchAll(/#(\d+)(\*?)\[([^\]]*)\]/g)) {
        levels[Number(level)].push(table(Number(number), text))
        if (mark === '*') busy.add(Number(number))
      }
    } else if (line.startsWith('reader')) oldestReader = Number(line.split(' ')[1])
    else if (line.startsWith('writes')) {
      const [, target, smallest, largest] = /L(\d) \[(\w+)-(\w+)\]/.exec(line)!
      outputs.push({ level: Number(target), smallest: key(smallest), largest: key(largest) })
    } else if (line !== '') throw new Error(`cannot read '${line}'`)
  }
  return { levels, pointers, busy, outputs: outputs.length > 0 ? outputs : undefined, now: NOW, oldestReader }
}

/** Writes a plan. */
export function printPlan(plan: Plan | undefined): string {
  if (plan === undefined) return 'nothing'
  const { kind, reason } = plan
  if (kind === 'move') return `move #${plan.table.number} L${plan.level} → L${plan.outputLevel}: ${reason}`
  const inputs = plan.inputs.map(printInput).join(' + ')
  if (kind === 'drop') return `drop ${inputs}: ${reason}`
  const grandparents = plan.grandparents.length > 0 ? `, grandparents ${plan.grandparents.map(name).join(' ')}` : ''
  const older = plan.older.length > 0 ? `, older ${plan.older.map(printInput).join(' ')}` : ''
  return `rewrite ${inputs} → L${plan.outputLevel}${grandparents}${older}: ${reason}`
}

function table(number: number, text: string): TableDescription {
  const [, smallest, largest, details] = /^(\w+)-(\w+)(.*)$/.exec(text)!
  const detail = (pattern: RegExp): number | undefined => {
    const found = pattern.exec(details)
    return found === null ? undefined : Number(found[1])
  }
  const age = detail(/old (\d+)h/)
  const dataAge = detail(/data (\d+)h/) ?? age
  const deletions = detail(/(\d+)%/)
  return {
    number,
    size: (detail(/(\d+)M/) ?? 1) * 2 ** 20,
    smallest: key(smallest),
    largest: key(largest),
    ...(deletions === undefined ? {} : { entries: 100, deletions }),
    largestSequence: detail(/seq (\d+)/),
    createdAt: dataAge === undefined ? 0 : NOW - dataAge * HOUR,
    writtenAt: age === undefined ? undefined : NOW - age * HOUR,
  }
}

function key(text: string): Uint8Array {
  return internalKey(new TextEncoder().encode(text), 1, TYPE_VALUE)
}

function printInput({ level, tables }: LevelInput): string {
  return `L${level} ${tables.map(name).join(' ')}`
}

function name({ number }: TableDescription): string {
  return `#${number}`
}
