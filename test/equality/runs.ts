import fc from 'fast-check';
import type { TestContext } from 'vitest';
import { figures } from '../testkit/figures.js';
import { full, searchSeed } from '../testkit/seed.js';

/** How many times as many random runs there are in a full run. */
const FULL_FACTOR = 10;

/**
 * How a property is run: by the printed seed of its search, so often as HUTONG_TEST_EQUALITY_RUNS says, by default `usual` times and
 * ten times that in a full run. What fails is not made smaller, as each try would be a run on the platform: a property says itself
 * at which input it failed.
 */
export function runs(usual: number): fc.Parameters<unknown> & { seed: number; numRuns: number } {
  const asked = Number(process.env.HUTONG_TEST_EQUALITY_RUNS ?? 0);
  return { seed: searchSeed(), endOnFailure: true, numRuns: asked || usual * (full ? FULL_FACTOR : 1) };
}

/** Holds a property to that, prints by what seed, and tells the scorecard how many runs there were. */
export async function hold<Inputs>(task: TestContext['task'], name: string, property: fc.IAsyncProperty<Inputs>, usual: number): Promise<void> {
  const parameters = runs(usual);
  console.log(`equality, ${name}: ${parameters.numRuns} runs, HUTONG_TEST_SEED=${parameters.seed}`);
  await fc.assert(property, parameters as fc.Parameters<Inputs>);
  figures(task, { runs: parameters.numRuns });
}
