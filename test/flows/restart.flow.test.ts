import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { actor, admin, type Actor } from '../testkit/actor.js';
import { crashCases, CrashPoint } from '../testkit/crash-point.js';
import { MODE, startPlatform, type Platform } from '../testkit/platform.js';
import { SAMPLE_IDENTIFIER, sampleReport } from '../testkit/sample.js';
import { full, sampleOf } from '../testkit/seed.js';

/** Steps of the task flow, each with more statements than it writes: beyond its last one it is simply not interrupted. */
const STEPS = { report: 12, submit: 4, choose: 10, move: 17, release: 8 };
const SETTLED_MS = 30_000;

let platform: Platform;
let provider: Actor;
let alice: Actor;
let crash: CrashPoint;

beforeAll(async () => {
  platform = await startPlatform();
  const root = await admin(platform);
  provider = await actor(root, 'sugon', { roles: ['PROVIDER'], organization: '20004' });
  alice = await actor(root, 'alice');
  await provider.interconnect('POST', 'computing_ids/', { computing_ids: [SAMPLE_IDENTIFIER] });
  crash = await CrashPoint.install(platform.databaseUrl!);
});
afterAll(async () => {
  await crash?.close();
  await platform?.dispose();
});

const cases = crashCases(STEPS);
let kills = 0;

let story = 0;

/** Two resources that only this story knows, each with one GPU. */
async function newStory() {
  story += 1;
  const model = `Story ${story} GPU`;
  const report = () =>
    provider.interconnect('POST', 'computing_resources/', {
      computing_resources: [1, 2].map((n) => sampleReport({ gpu_model: model, gpu_available: 1, network_ips: `10.${story}.0.${n}`, network_ips_available: `10.${story}.0.${n}` })),
    });
  const submit = async () => (await alice.interconnect('POST', 'query_computing_resources_by_task_template/', { gpu_model: model, gpu_available: 1 })).body.data;
  const choose = async (taskId: number, resourceId: number) =>
    (await alice.interconnect('POST', 'task_path/', { task_id: taskId, computing_resource_id: resourceId, result: true })).body;
  const release = (taskId: number) => alice.graph('mutation ($id: ID!) { releaseTask(id: $id) { state } }', { id: String(taskId) });
  const resources = async () =>
    (await alice.ask('query ($m: String!) { computingResources(filter: { gpuModel: $m }, first: 10) { nodes { id reserved { gpu } } } }', { m: model })).computingResources.nodes as {
      id: string;
      reserved: { gpu: number };
    }[];
  const task = async (id: number) => (await alice.ask('query ($id: ID!) { task(id: $id) { state chosen { id } resourceUrl } }', { id: String(id) })).task;
  return { report, submit, choose, release, resources, task };
}

/** The task once no background work is owed to it any more. */
async function settled(story: Awaited<ReturnType<typeof newStory>>, taskId: number) {
  const deadline = Date.now() + SETTLED_MS;
  for (;;) {
    const task = await story.task(taskId);
    if (task.state !== 'ALLOCATING') return task;
    if (Date.now() > deadline) throw new Error(`task ${taskId} stays ALLOCATING`);
    await delay(50);
  }
}

/** Exactly what the task holds is reserved: nothing lost, nothing twice. */
async function expectReservedAsHeld(story: Awaited<ReturnType<typeof newStory>>, taskId: number) {
  const held = await settled(story, taskId);
  const expected = held.state === 'ALLOCATED' ? [held.chosen.id] : [];
  const deadline = Date.now() + SETTLED_MS;
  let reserved: string[] = [];
  while (Date.now() < deadline) {
    reserved = (await story.resources()).flatMap(({ id, reserved: { gpu } }) => Array.from({ length: gpu }, () => id));
    if (JSON.stringify(reserved) === JSON.stringify(expected)) break;
    await delay(50);
  }
  expect(reserved).toEqual(expected);
}

/** Several processes take three times as long to start again. */
const sampled = sampleOf('kill -9', cases, MODE === 'split' ? 4 : 12);

test.each(sampled)(
  'killed at statement $statement of $work (the statement $ending): nothing acknowledged is lost, nothing is reserved twice, and the step can be repeated',
  async ({ work: step, ending, statement }) => {
    const story = await newStory();
    if (step !== 'report') expect((await story.report()).body.code).toBe(0);
    const submitted = step === 'report' || step === 'submit' ? undefined : await story.submit();
    const [first, second] = (submitted?.results ?? []) as { id: number }[];
    if (step === 'move' || step === 'release') expect(await story.choose(submitted.task_id, first!.id)).toMatchObject({ code: 0 });
    const work = {
      report: () => story.report(),
      submit: () => story.submit(),
      choose: () => story.choose(submitted.task_id, first!.id),
      move: () => story.choose(submitted.task_id, second!.id),
      release: () => story.release(submitted.task_id),
    }[step];

    await crash.arm(statement);
    if (await crash.killDuring(platform, ending, work)) kills += 1;

    if (submitted) await expectReservedAsHeld(story, submitted.task_id);
    await work();
    if (step === 'report') expect(await story.resources()).toHaveLength(2);
    if (step === 'submit') expect((await story.submit()).count).toBe(2);
    if (step === 'choose' || step === 'move') {
      const chosen = step === 'choose' ? first : second;
      expect(await settled(story, submitted.task_id)).toMatchObject({ state: 'ALLOCATED', chosen: { id: String(chosen!.id) } });
    }
    if (step === 'release') expect(await settled(story, submitted.task_id)).toMatchObject({ state: 'RELEASED' });
    if (submitted) await expectReservedAsHeld(story, submitted.task_id);
  },
  full ? 120_000 : 60_000,
);

/** Of fewer than these, most may by chance be kills at statements that a step does not have. */
const ENOUGH = 10;

test('most of these kills hit their statement', () => {
  expect(sampled.length < ENOUGH || kills > sampled.length / 2, `${kills} of ${sampled.length}`).toBe(true);
});
