import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { actor, admin } from '../testkit/actor.js';
import { startPlatform, type Platform } from '../testkit/platform.js';
import { until } from '../testkit/processes.js';
import { full } from '../testkit/seed.js';
import { subscribe } from '../testkit/subscription.js';
import { endJobs, LOCAL_ENGINE, localHoldings, Trainer } from '../testkit/training.js';

// Programs of users on this host that do what programs should not.

/** More than fits into 31 bits, in a full run. */
const LOG_BYTES = full ? 2_200_000_000 : 300_000_000;

let platform: Platform;
let alice: Trainer;
beforeAll(async () => {
  platform = await startPlatform({ environment: LOCAL_ENGINE });
  alice = new Trainer(await actor(await admin(platform), 'alice'));
});
afterAll(async () => {
  if (platform) await endJobs(platform);
  await platform?.dispose();
});

const residentMiB = async (): Promise<number> => Number(/VmRSS:\s+(\d+)/.exec(await readFile(`/proc/${platform.pidOf('ai-arts')}/status`, 'utf8'))![1]) / 1_024;

const page = async (id: string, pageNum: number) => (await alice.actor.ask('query ($id: ID!, $pageNum: Int) { training(id: $id) { logPage(pageNum: $pageNum) { text pageNum pageCount } } }', { id, pageNum })).training.logPage;

test('a program that is told its data and its output is FINISHED, and its words, metrics and exit code are kept', async () => {
  const program = 'import sys, json\nprint(json.dumps({"step": 1, "total": 2, "loss": 0.5}))\nprint("args", *sys.argv[1:])\nopen(sys.argv[sys.argv.index("--output_path") + 1] + "/model.bin", "w").write("weights")\nprint(json.dumps({"step": 2, "total": 2, "loss": 0.25}))\n';
  const { id } = await alice.create('', { engine: 'python', code: { name: 'train.py', text: program }, params: { lr: 0.1, note: "it's; `id` $(id)" } });
  await alice.until(id, 'FINISHED');
  expect(await alice.log(id)).toContain("args --lr 0.1 --note it's; `id` $(id) --output_path /");
  await until('its metrics', async () => (await alice.actor.ask('query ($id: ID!) { training(id: $id) { progress } }', { id })).training.progress === 1);
  const { training } = await alice.actor.ask('query ($id: ID!) { training(id: $id) { exitCode metrics { name points { step value } } } }', { id });
  expect(training).toEqual({ exitCode: 0, metrics: [{ name: 'loss', points: [{ step: 1, value: 0.5 }, { step: 2, value: 0.25 }] }] });
});

test('one that ends with another exit code is FAILED; one that takes too long is ended, and says so', async () => {
  const failed = await alice.create('echo no such data >&2; exit 3');
  expect(await alice.until(failed.id, 'FAILED')).toMatchObject({ exitCode: 3 });
  expect(await alice.log(failed.id)).toBe('no such data\n');
  const slow = await alice.create('sleep 1000', { timeLimitSeconds: 1 });
  expect((await alice.until(slow.id, 'FAILED')).stateReason).toContain('longer than 1 s');
});

test('every task of a PSDistJob knows its place', { tags: ['ai-arts/3.4/jobTrainingType'] }, async () => {
  const { id } = await alice.create('echo "$RANK of $WORLD_SIZE, $NUM_PS $NUM_PS_WORKER"', { jobTrainingType: 'PSDistJob', numPs: 1, numPsWorker: 2 });
  await alice.until(id, 'FINISHED');
  for (const task of [0, 1, 2]) {
    const { training } = await alice.actor.ask('query ($id: ID!, $task: Int) { training(id: $id) { log(task: $task) { text complete } } }', { id, task });
    expect(training.log).toEqual({ text: `${task} of 3, 1 2\n`, complete: true });
  }
});

test('one that forks and hides from its parent is ended with all its processes', async () => {
  const { id } = await alice.running('setsid -f sleep 1001\nnohup sleep 1002 >/dev/null 2>&1 &\n(trap "" TERM HUP; sleep 1003) &\necho hidden\nexec sleep 1004\n');
  await until('its words', async () => (await alice.log(id)).includes('hidden'));
  await alice.stop(id);
  await alice.until(id, 'KILLED');
  await until('its processes to be gone', async () => !(await localHoldings(platform)).running.includes(id));
});

test('one that ends while what it has started goes on leaves nothing behind', async () => {
  const { id } = await alice.create('setsid -f sleep 1005\necho done\n');
  await alice.until(id, 'FINISHED');
  await until('its processes to be gone', async () => !(await localHoldings(platform)).running.includes(id));
});

describe('one that writes without end', () => {
  test('is followed, paged and measured with bounded memory, and others go on', { timeout: full ? 900_000 : 120_000 }, async () => {
    const { id } = await alice.running(`yes "$(printf "line of a log that nobody can read %.0s" 1 2)" | head -c ${LOG_BYTES}\necho\necho the end\nsleep 1000`);
    const other = await alice.create('echo beside it\n');
    const followers = await Promise.all(Array.from({ length: 5 }, () => subscribe(alice.actor, 'subscription ($id: ID!) { trainingLog(id: $id) { text cursor } }', { id })));
    let most = 0;
    await until('its end', async () => {
      most = Math.max(most, await residentMiB());
      const { training } = await alice.actor.ask('query ($id: ID!) { training(id: $id) { log(last: 1) { text } } }', { id });
      return training.log.text === 'the end\n';
    });
    await alice.until(other.id, 'FINISHED');
    const before = await residentMiB();
    const last = await page(id, 1_000_000_000);
    expect(last.pageNum).toBe(last.pageCount);
    expect(last.text.endsWith('the end\n')).toBe(true);
    expect((await page(id, 2)).text.split('\n')).toHaveLength(2_001);
    expect(await residentMiB()).toBeLessThan(Math.max(before, most) + 200);
    for (const { errors, events } of followers) expect([errors, events.length > 0]).toEqual([[], true]);
    await Promise.all(followers.map((follower) => follower.end()));
    await alice.stop(id);
    await alice.until(id, 'KILLED');
    await alice.delete(id);
  });
});

test('what was deleted leaves neither a file nor a process', async () => {
  const { id } = await alice.running();
  expect((await localHoldings(platform)).folders).toContain(id);
  await alice.delete(id);
  await until('it to be gone', async () => !Object.values(await localHoldings(platform)).some((ids: string[]) => ids.includes(id)));
  expect(await alice.look(id)).toBeNull();
});
