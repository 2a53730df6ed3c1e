/**
 * A breakage that the tests must notice.
 */

/** One small, named change of the source, and who must notice it. */
export interface Mutant {
  /** In a few words, what the broken engine does. */
  readonly name: string
  /** The file that is changed, from the root of the workspace. */
  readonly file: string
  /** The text that is replaced. It occurs once in the file. */
  readonly from: string
  readonly to: string
  /** What a user would lose by it. */
  readonly because: string
  /** The test files of which one must fail, from the root of the workspace. */
  readonly tests: readonly string[]
}
