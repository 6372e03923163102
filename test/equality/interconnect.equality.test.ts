import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { admin, type Actor } from '../testkit/actor.js';
import { startPlatform, type Platform } from '../testkit/platform.js';
import { sampleReport } from '../testkit/sample.js';
import { faultyIdentifier, faultyTemplate, faultyZonesQuestion, identifier, ORGANIZATION, report, reportFault, template, zonesQuestion } from './interconnect.inputs.js';
import { interconnectTwins, type Report } from './interconnect.twins.js';
import { effectsIn, inWorld, outOfWorld, providerWorld, type ProviderWorld } from './interconnect.world.js';
import { hold } from './runs.js';
import { Tally, type Outcome, type Way } from './twin.js';

// 互通 by its routes and by the graph: the same commands lead to the same answers and to the same state.

let platform: Platform;
let root: Actor;
beforeAll(async () => {
  platform = await startPlatform();
  root = await admin(platform);
});
afterAll(() => platform?.dispose());

const tally = new Tally();
const twins = tally.counted(interconnectTwins);
const USUAL_RUNS = 12;
const MOST_COMMANDS = 14;

/** Something a provider or a user does; what it names by a number is the one of its world. */
type Command =
  | { row: 'POST /computing_ids'; values: unknown }
  | { row: 'POST /computing_resources'; reports: Report[] }
  | { row: 'GET /computing_resources'; question: Parameters<(typeof twins)['GET /computing_resources']['rest']>[1] }
  | { row: 'POST /query_computing_resources_by_task_template'; template: Record<string, unknown> }
  | { row: 'POST /task_path'; task: number; resource: number; offered: boolean; result: unknown };

const command: fc.Arbitrary<Command> = fc.oneof(
  { weight: 2, arbitrary: fc.oneof(fc.array(identifier, { minLength: 1, maxLength: 4 }), fc.array(fc.oneof({ weight: 3, arbitrary: identifier }, faultyIdentifier), { maxLength: 4 }), fc.constantFrom<unknown>(null, 'text', {})).map((values) => ({ row: 'POST /computing_ids' as const, values })) },
  { weight: 4, arbitrary: fc.array(report, { minLength: 1, maxLength: 3 }).map((reports) => ({ row: 'POST /computing_resources' as const, reports })) },
  { weight: 2, arbitrary: fc.tuple(report, reportFault).map(([good, fault]) => ({ row: 'POST /computing_resources' as const, reports: [good, { ...good, ...fault }] })) },
  { weight: 3, arbitrary: fc.oneof({ weight: 4, arbitrary: zonesQuestion }, { weight: 1, arbitrary: faultyZonesQuestion }).map((question) => ({ row: 'GET /computing_resources' as const, question })) },
  { weight: 4, arbitrary: fc.oneof({ weight: 4, arbitrary: template }, { weight: 1, arbitrary: faultyTemplate }).map((asked) => ({ row: 'POST /query_computing_resources_by_task_template' as const, template: asked })) },
  {
    weight: 5,
    arbitrary: fc
      .record({ task: fc.nat(12), resource: fc.nat(12), offered: fc.integer({ min: 0, max: 4 }).map((dice) => dice > 0), result: fc.oneof({ weight: 8, arbitrary: fc.boolean() }, { weight: 1, arbitrary: fc.constantFrom<unknown>('true', 1, null) }) })
      .map((choice) => ({ row: 'POST /task_path' as const, ...choice })),
  },
);

/** An id that nothing has. */
const NO_SUCH = 2_147_483_647;

/** What every world begins with, so that much of what follows is about something that is there. */
const REGISTERED = fc.sample(identifier, { numRuns: 4, seed: 1 });
const REPORTED = { ...sampleReport({ computing_id: 0, gpu_available: 4, cpu_available: 8 }) };
const BEGINNING: Command[] = [
  { row: 'POST /computing_ids', values: REGISTERED },
  { row: 'POST /computing_resources', reports: [REPORTED, { ...REPORTED, computing_id: 1, price: 5 }] },
  { row: 'POST /query_computing_resources_by_task_template', template: { organization: ORGANIZATION, gpu_available: 1 } },
];

/** Does a command in a world, one way. */
async function does(world: ProviderWorld, way: Way, done: Command, now: number): Promise<Outcome> {
  const { actor } = world;
  switch (done.row) {
    case 'POST /computing_ids':
      return twins[done.row][way](actor, inWorld(world, done.values));
    case 'POST /computing_resources':
      return twins[done.row][way](actor, inWorld(world, done.reports.map((told) => asReported(told, now))));
    case 'GET /computing_resources':
      return twins[done.row][way](actor, inWorld(world, done.question));
    case 'POST /query_computing_resources_by_task_template': {
      const outcome = await twins[done.row][way](actor, inWorld(world, done.template));
      if ('data' in outcome) {
        const { task_id, results } = outcome.data as { task_id: number; results: { id: number }[] };
        world.tasks.push(task_id);
        world.offered.push(results.map(({ id }) => id));
      }
      return outcome;
    }
    case 'POST /task_path': {
      const at = done.offered ? done.task % world.tasks.length : done.task;
      const offered = world.offered[at] ?? [];
      const resource = done.offered && offered.length > 0 ? offered[done.resource % offered.length] : world.resources[done.resource];
      return twins[done.row][way](actor, { task_id: world.tasks[at] ?? NO_SUCH, computing_resource_id: resource ?? NO_SUCH, result: done.result });
    }
  }
}

/** A report with its identifier, and with the moment that it says. */
function asReported({ computing_id, observed_at, ...told }: Report, now: number): Report {
  return {
    ...told,
    computing_id: typeof computing_id === 'number' ? REGISTERED[computing_id] : computing_id,
    ...(observed_at === undefined ? {} : { observed_at: typeof observed_at === 'number' ? new Date(now - observed_at * 1_000).toISOString() : observed_at }),
  };
}

test('the same commands, by routes in one world and by the graph in another, are answered alike and leave alike what they leave', async ({ task }) => {
  const property = fc.asyncProperty(fc.array(fc.tuple(command, fc.boolean()), { minLength: 4, maxLength: MOST_COMMANDS, size: 'max' }), async (commands) => {
    const [one, other] = await Promise.all([providerWorld(root), providerWorld(root)]);
    for (const [done, swapped] of [...BEGINNING.map((first): [Command, boolean] => [first, false]), ...commands]) {
      const now = Date.now();
      const ways: [Way, Way] = swapped ? ['graph', 'rest'] : ['rest', 'graph'];
      const outcomes = [await does(one, ways[0], done, now), await does(other, ways[1], done, now)];
      const effects = [await effectsIn(one), await effectsIn(other)];
      const told = `by ${ways[0]} and by ${ways[1]}: ${JSON.stringify(done)}`;
      expect(outOfWorld(one, outcomes[0]), told).toEqual(outOfWorld(other, outcomes[1]));
      expect(effects[0], `after ${told}`).toEqual(effects[1]);
      // And all that the contract itself shows is shown both ways in the same world.
      for (const world of [one, other]) {
        const question = { page: 1, page_size: 1_000, organization: world.organization };
        const [shown, asked] = await Promise.all([twins['GET /computing_resources'].rest(world.actor, question), twins['GET /computing_resources'].graph(world.actor, question)]);
        expect(asked).toEqual(shown);
      }
    }
  });
  await hold(task, '互通', property, USUAL_RUNS);
}, 600_000);

test('every row was asked and answered both ways', ({ task }) => tally.expectEach(twins, task));
