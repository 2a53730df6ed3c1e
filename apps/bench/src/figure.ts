/**
 * A number that a workload measured itself, beside those of its phases.
 */

/** One number with its name. */
export interface Figure {
  /** With its unit, as it stands in the table. */
  readonly name: string
  readonly value: number
  /** Digits after the point. */
  readonly digits: number
}
