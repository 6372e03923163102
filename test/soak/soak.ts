// Ten minutes of mixed load on a platform, whose heap must not grow: `npm run soak [-- minutes]`.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { interconnectWorld } from '../testkit/interconnect.world.js';
import { INSPECTED, RemoteInspector } from '../testkit/remote.inspector.js';
import { fillCaches, mixedLoad } from './load.js';
import { growth, type Sample } from './regression.js';
import { SupergraphFile } from './supergraph.file.js';
import { Turnstile } from './turnstile.js';

const MINUTES = Number(process.argv[2] ?? 10);
/** Code is compiled at first. */
const LEFT_OUT_MINUTES = 2;
const MOST_MB_A_MINUTE = 0.5;
const SAMPLE_EVERY_MS = 10_000;
/** A graph that was replaced is let go with its last request; those of the last reload are made ready by then. */
const SETTLE_MS = 1_000;

if (!(MINUTES > LEFT_OUT_MINUTES)) {
  console.error(`minutes: expected more than ${LEFT_OUT_MINUTES}, which are left out; for example: npm run soak -- 10`);
  process.exit(2);
}

const folder = await mkdtemp(join(tmpdir(), 'hutong-soak-'));
const supergraph = new SupergraphFile(join(folder, 'supergraph.graphql'));
await supergraph.replace();
const world = await interconnectWorld({ database: 'embedded', environment: { ...INSPECTED, SUPERGRAPH_FILE: supergraph.path } });
let passed = false;
let heap: RemoteInspector | undefined;
try {
  heap = await RemoteInspector.connect(world.platform.output());
  await fillCaches(world);
  const stop = new AbortController();
  const turnstile = new Turnstile();
  const load = mixedLoad(world, supergraph, turnstile, stop.signal);
  const samples = await Promise.race([sampled(heap, turnstile), load.then(() => [])]);
  stop.abort();
  const done = await load;
  const slope = growth(samples.filter(({ minute }) => minute >= LEFT_OUT_MINUTES));
  const [refused] = /^.*the supergraph is refused.*$/m.exec(world.platform.output()) ?? [];
  if (refused !== undefined) throw new Error(refused);
  passed = slope <= MOST_MB_A_MINUTE;
  console.log(JSON.stringify({ minutes: MINUTES, growthMbPerMinute: slope, mostMbPerMinute: MOST_MB_A_MINUTE, met: passed, done }));
  console.log(`${passed ? 'PASS' : 'FAIL'}: the heap grows by ${slope.toFixed(3)} MB/min from minute ${LEFT_OUT_MINUTES} on; at most ${MOST_MB_A_MINUTE} allowed`);
} finally {
  // A process that is looked into does not end.
  heap?.close();
  await world.platform.dispose();
  await rm(folder, { recursive: true });
}
process.exit(passed ? 0 : 1);

/** Prints a line for each sample. */
async function sampled(heap: RemoteInspector, turnstile: Turnstile): Promise<Sample[]> {
  const samples: Sample[] = [];
  const begun = performance.now();
  const minutes = (): number => (performance.now() - begun) / 60_000;
  while (minutes() < MINUTES) {
    await delay(SAMPLE_EVERY_MS);
    // With requests under way, two graphs may be in use, or one: what a sample would tell is how busy the machine is.
    const megabytes = await turnstile.alone(async () => {
      await delay(SETTLE_MS);
      return heap.usedMb();
    });
    const sample = { minute: minutes(), megabytes };
    samples.push(sample);
    console.log(`minute ${sample.minute.toFixed(2)}: ${sample.megabytes.toFixed(1)} MB`);
  }
  return samples;
}
