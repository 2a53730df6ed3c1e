/**
 * Whether two samples come from the same source, judged by their order alone: the exact test of Mann and Whitney, two-sided.
 *
 * Times are not normally distributed, and an outlier is as good as any other that is larger; so ranks, not means.
 */

/**
 * The probability that samples of one source differ in order at least as much as these do. Equal values count half.
 * Samples of up to some dozens.
 */
export function mannWhitney(a: readonly number[], b: readonly number[]): number {
  const [n, m] = [a.length, b.length]
  if (n === 0 || m === 0) return 1
  const wins = a.reduce((sum, x) => sum + b.reduce((inner, y) => inner + (x > y ? 1 : x === y ? 0.5 : 0), 0), 0)
  const extreme = Math.floor(Math.min(wins, n * m - wins))
  const ways = arrangements(n, m)
  const tail = ways.slice(0, extreme + 1).reduce((sum, count) => sum + count, 0)
  const all = ways.reduce((sum, count) => sum + count, 0)
  return Math.min(1, (2 * tail) / all)
}

/**
 * For each number of wins from 0 to n·m, in how many orders of n and m values it occurs: the coefficients of the Gaussian
 * binomial, (1 - q^(m+1)) … (1 - q^(m+n)) / ((1 - q) … (1 - q^n)).
 */
function arrangements(n: number, m: number): number[] {
  const ways: number[] = Array.from({ length: n * m + 1 }, (_, wins) => (wins === 0 ? 1 : 0))
  for (let i = 1; i <= n; i++) {
    for (let wins = n * m; wins >= m + i; wins--) ways[wins] -= ways[wins - m - i]
    for (let wins = i; wins <= n * m; wins++) ways[wins] += ways[wins - i]
  }
  return ways
}
