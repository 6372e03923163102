/** A small seeded generator (mulberry32), so that a sample can be drawn again from its printed seed. */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** What somebody gave by hand. */
const givenSeed = process.env.HUTONG_TEST_SEED;

/** This run's seed: HUTONG_TEST_SEED, or the one that was drawn for the run (vitest.config.ts), or a new one. */
export const runSeed = (): number => Number(givenSeed ?? process.env.HUTONG_TEST_DRAWN_SEED ?? Math.floor(Math.random() * 2 ** 31));

/** Whether the whole of every matrix is wanted (`npm run test:full`). */
export const full = process.env.HUTONG_TEST_FULL === 'true';

const USUAL_SEARCH = 4711;

/**
 * The seed of a search without an end, as random graphs and requests are: HUTONG_TEST_SEED; the run's own in a full run; else always the
 * same, so that a run fails for what was changed, and not for an old fault that it happened to come upon. A sample of something finite,
 * all of which is right once a full run was, has the run's own ({@link sampleOf}).
 */
export const searchSeed = (): number => (full || givenSeed !== undefined ? runSeed() : USUAL_SEARCH);

/** Some of the cases, drawn by the run's printed seed; all of them in a full run. */
export function sampleOf<Case>(name: string, cases: readonly Case[], count: number): Case[] {
  if (full || cases.length <= count) return [...cases];
  const seed = runSeed();
  const random = seeded(seed);
  console.log(`${name}: ${count} of ${cases.length} cases, HUTONG_TEST_SEED=${seed}`);
  const chosen = new Set<number>();
  while (chosen.size < count) chosen.add(Math.floor(random() * cases.length));
  return [...chosen].toSorted((a, b) => a - b).map((index) => cases[index]!);
}
