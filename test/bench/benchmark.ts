/** One row of `npm run bench`: a ratio measured within one run, as machines are noisy. */
export interface Benchmark {
  /** What is measured, in a few words. */
  name: string;
  /** What the ratio should reach, for a reader: `≥ 0.35 × COPY`. */
  target: string;
  /** Whether a ratio meets the target. */
  meets(ratio: number): boolean;
  /**
   * Measures several rounds; each gives one ratio. `detail` is what else is worth reading.
   *
   * @param quick fewer and shorter rounds, where the benchmark has them: for whoever measures between two changes
   */
  run(quick: boolean): Promise<{ ratio: number[]; detail: Record<string, unknown> }>;
}
