/**
 * Every command there is, by the file that it is in. Nothing else lists them.
 *
 * A file is loaded when one of its commands is called, so that a command costs no more than it needs.
 */
import type { CommandDefinition } from './command.ts'

/** A file of commands. */
interface CommandFile {
  /** The names and the aliases of the commands in it. */
  readonly names: readonly string[]
  readonly load: () => Promise<readonly CommandDefinition[]>
}

/** All files, in the order in which help lists their commands. */
const FILES: readonly CommandFile[] = [
  {
    names: ['get', 'mget', 'has', 'exists', 'put', 'set', 'delete', 'del', 'rm'],
    load: async () => (await import('./point.ts')).POINT_COMMANDS,
  },
  {
    names: ['scan', 'ls', 'keys', 'values', 'count'],
    load: async () => (await import('./range.ts')).RANGE_COMMANDS,
  },
  { names: ['batch', 'load'], load: async () => (await import('./batch.ts')).BATCH_COMMANDS },
  { names: ['compact'], load: async () => (await import('./compaction.ts')).COMPACTION_COMMANDS },
  {
    names: ['flush', 'stats', 'info', 'recovery', 'destroy'],
    load: async () => (await import('./upkeep.ts')).UPKEEP_COMMANDS,
  },
  {
    names: ['verify', 'check', 'repair', 'doctor'],
    load: async () => (await import('./health.ts')).HEALTH_COMMANDS,
  },
  { names: ['bench'], load: async () => (await import('./benchmark.ts')).BENCHMARK_COMMANDS },
  { names: ['simulate'], load: async () => (await import('./simulation.ts')).SIMULATION_COMMANDS },
  { names: ['help', '?', 'exit', 'quit'], load: async () => (await import('./guide.ts')).GUIDE_COMMANDS },
]

/** What commands are called, aliases included. */
export const COMMAND_NAMES: readonly string[] = FILES.flatMap(({ names }) => names)

/** All commands, in the order in which help lists them. */
export async function allCommands(): Promise<readonly CommandDefinition[]> {
  return (await Promise.all(FILES.map(file => file.load()))).flat()
}

/** The commands of the file that has one of this name; none, if no file has. */
export async function commandsBeside(name: string): Promise<readonly CommandDefinition[]> {
  return (await FILES.find(({ names }) => names.includes(name))?.load()) ?? []
}
