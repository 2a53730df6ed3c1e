/**
 * Every command there is. Nothing else lists them.
 */
import { BATCH_COMMANDS } from './batch.ts'
import type { CommandDefinition } from './command.ts'
import { COMPACTION_COMMANDS } from './compaction.ts'
import { GUIDE_COMMANDS } from './guide.ts'
import { HEALTH_COMMANDS } from './health.ts'
import { POINT_COMMANDS } from './point.ts'
import { RANGE_COMMANDS } from './range.ts'
import { SIMULATION_COMMANDS } from './simulation.ts'
import { UPKEEP_COMMANDS } from './upkeep.ts'

/** All commands, in the order in which help lists them. */
export const COMMANDS: readonly CommandDefinition[] = [
  ...POINT_COMMANDS,
  ...RANGE_COMMANDS,
  ...BATCH_COMMANDS,
  ...COMPACTION_COMMANDS,
  ...UPKEEP_COMMANDS,
  ...HEALTH_COMMANDS,
  ...SIMULATION_COMMANDS,
  ...GUIDE_COMMANDS,
]
