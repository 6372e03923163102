import { randomUUID } from 'node:crypto';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { sql } from '@hutong/common';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { EngineError, type EngineJobSpec } from '../drivers/engine/engine.js';
import { StoreError } from '../drivers/store/store.js';
import { trainingHouse, type TrainingActor, type TrainingHouse } from '../testkit/training.house.js';

// What workers, watchers and the reconciler do of jobs, shown with trainings on an engine in memory.

let house: TrainingHouse;
beforeAll(async () => {
  house = await trainingHouse();
});
afterEach(() => {
  Object.assign(house.engine, { before: () => undefined, afterSubmit: () => undefined, startsAtOnce: true, heedsStop: true });
  house.store.before = () => undefined;
});
afterAll(() => house?.close());

const signal = new AbortController().signal;
const sweep = (of = house) => of.subgraph.services.jobReconciler.sweep();
const rows = <Row>(text: string, parameters: unknown[] = []) => sql<Row>(house.em(), text, parameters);
const folders = () => readdir(path.join(house.folder, 'ai-arts/jobs'));

/** A spec that nobody wrote down. */
const unknownSpec = (id: string): EngineJobSpec => ({ id, name: 'x', argv: ['true'], environment: {}, folder: '/x', workingFolder: '/x', readOnly: [], tasks: 1, cpus: 1, memoryBytes: 1, gpus: 0, gpuModel: null, timeLimitSeconds: null, network: false });

async function uploadedTraining(alice: TrainingActor): Promise<Record<string, unknown>> {
  return { code: null, codePath: await alice.uploaded('CODE', 'train.sh', 'echo'), startupFile: 'train.sh' };
}

describe('an engine that fails', () => {
  test.each(['UNREACHABLE', 'QUOTA', 'UNAUTHORIZED', 'FAILED'] as const)('a submit that meets %s is repeated, to the letter, and makes one job', async (fault) => {
    const met = new Set<string>();
    house.engine.before = (step, run) => {
      if (step === 'submit' && met.size < met.add(run).size) throw new EngineError(fault, `the engine says ${fault}`);
    };
    const alice = house.actor();
    const id = await alice.created();
    await alice.until(id, 'RUNNING');
    expect(house.engine.submits.filter((submitted) => submitted === id)).toHaveLength(2);
  });

  test('why a job waits is told while it does', async () => {
    house.engine.before = (step) => {
      if (step === 'submit') throw new EngineError('UNREACHABLE', 'slurmrestd does not answer');
    };
    const alice = house.actor();
    const id = await alice.created();
    await expect.poll(async () => (await alice.look(id)).stateReason).toBe('slurmrestd does not answer');
    expect((await alice.look(id)).state).toBe('QUEUED');
  });

  test.each(['INVALID', 'MISCONFIGURED'] as const)('a job that can never run (%s) is in ERROR with the reason', async (fault) => {
    house.engine.before = (step) => {
      if (step === 'submit') throw new EngineError(fault, 'there is no partition gpu');
    };
    const alice = house.actor();
    const id = await alice.created();
    expect((await alice.until(id, 'ERROR')).stateReason).toBe('there is no partition gpu');
  });

  test('a lost answer makes no second job', async () => {
    const lost = new Set<string>();
    house.engine.afterSubmit = (run) => {
      if (lost.size < lost.add(run).size) throw new EngineError('UNREACHABLE', 'cut off');
    };
    const alice = house.actor();
    const id = await alice.created();
    await alice.until(id, 'RUNNING');
    expect(house.engine.submits.filter((submitted) => submitted === id)).toHaveLength(2);
  });

  test('that is away at every step for a while loses nothing', async () => {
    const alice = house.actor();
    /** The engine is away for two calls of this step after `work`. */
    const whileAway = async <Result>(away: string, work: () => Promise<Result>): Promise<Result> => {
      const missed = Promise.withResolvers<void>();
      let calls = 0;
      house.engine.before = (step) => {
        if (step !== away || calls >= 2) return;
        if (++calls === 2) missed.resolve();
        throw new EngineError('UNREACHABLE', 'away');
      };
      const result = await work();
      await missed.promise;
      return result;
    };
    const id = await whileAway('submit', () => alice.created());
    await alice.until(id, 'RUNNING');
    await whileAway('look', async () => house.engine.end(id));
    await alice.until(id, 'FINISHED');
    const stopped = await alice.created();
    await alice.until(stopped, 'RUNNING');
    await whileAway('stop', () => alice.change('stop', stopped));
    await alice.until(stopped, 'KILLED');
    await whileAway('forget', () => alice.change('delete', id));
    await expect.poll(() => house.engine.runs.has(id)).toBe(false);
  });
});

describe('a store that fails', () => {
  test('while files are staged is tried again, and what was copied before is not in the way', async () => {
    const alice = house.actor();
    const input = await uploadedTraining(alice);
    let failures = 1;
    house.store.before = (step) => {
      if (step === 'get' && failures-- > 0) throw new StoreError('UNREACHABLE', 'the store is away');
    };
    const id = await alice.created(input);
    await alice.until(id, 'RUNNING');
    expect(await readdir(house.engine.runs.get(id)!.spec.workingFolder)).toEqual(['train.sh']);
  });

  test('whose file is gone is told', async () => {
    const alice = house.actor();
    const input = await uploadedTraining(alice);
    house.store.before = (step) => {
      if (step === 'get') throw new StoreError('NOT_FOUND', 'there is no such file');
    };
    const id = await alice.created(input);
    await expect.poll(async () => (await alice.look(id)).stateReason).not.toBeNull();
    expect((await alice.look(id)).stateReason).not.toContain(house.folder);
  });
});

describe('the reconciler', () => {
  test('ends what carries our id and belongs to no job, and forgets what has ended', async () => {
    const [living, ended] = [randomUUID(), randomUUID()];
    for (const id of [living, ended]) await house.engine.submit(unknownSpec(id), signal);
    house.engine.end(ended);
    await sweep();
    expect(house.engine.runs.get(living)?.view).toMatchObject({ state: 'ENDED', end: 'STOPPED' });
    expect(house.engine.runs.has(ended)).toBe(false);
    await sweep();
    expect(house.engine.runs.has(living)).toBe(false);
  });

  test('leaves what it does not know as long as the grace is', async () => {
    const other = await trainingHouse({ settings: { orphanGraceMs: 60_000 } });
    try {
      const id = randomUUID();
      await other.engine.submit(unknownSpec(id), signal);
      const folder = path.join(other.folder, 'ai-arts/jobs', randomUUID());
      await mkdir(folder, { recursive: true });
      await sweep(other);
      await sweep(other);
      expect(other.engine.runs.get(id)!.view.state).toBe('RUNNING');
      expect(await readdir(path.dirname(folder))).toHaveLength(1);
    } finally {
      await other.close();
    }
  });

  test('removes folders that nobody owns, and no other', async () => {
    const alice = house.actor();
    const id = await alice.created();
    await alice.until(id, 'RUNNING');
    const orphan = randomUUID();
    await mkdir(path.join(house.folder, 'ai-arts/jobs', orphan, 'output'), { recursive: true });
    await writeFile(path.join(house.folder, 'ai-arts/jobs', orphan, 'output/x'), 'x');
    await sweep();
    expect(await folders()).toContain(id);
    expect(await folders()).not.toContain(orphan);
  });

  test('ends a job on the engine whose record says that it has ended', async () => {
    const alice = house.actor();
    const id = await alice.created();
    await alice.until(id, 'RUNNING');
    await rows(`update ai_arts.job set state = 'KILLED', ended_at = now() where id = $1`, [id]);
    await sweep();
    expect(house.engine.runs.get(id)!.view.end).toBe('STOPPED');
  });

  test('notices what happened on the engine while nobody looked', async () => {
    const alice = house.actor();
    const id = await alice.created();
    await alice.until(id, 'RUNNING');
    house.engine.speaks = false;
    house.engine.end(id, { exitCode: 7 });
    house.engine.speaks = true;
    await sweep();
    expect(await alice.look(id)).toMatchObject({ state: 'FAILED', exitCode: 7 });
  });

  test.each(['SUBMIT', 'STOP', 'REMOVE'])('takes up a %s that a dead process was at', async (errand) => {
    const alice = house.actor();
    house.engine.startsAtOnce = true;
    const id = await alice.created();
    await alice.until(id, 'RUNNING');
    if (errand === 'REMOVE') {
      house.engine.end(id);
      await alice.until(id, 'FINISHED');
    }
    const state = { SUBMIT: 'QUEUED', STOP: 'KILLING', REMOVE: 'FINISHED' }[errand];
    await rows(`update ai_arts.job set errand = $2, worker = gen_random_uuid(), state = $3, deleted_at = case when $2 = 'REMOVE' then now() end where id = $1`, [id, errand, state]);
    await sweep();
    if (errand === 'SUBMIT') await alice.until(id, 'RUNNING');
    if (errand === 'STOP') await alice.until(id, 'KILLED');
    if (errand === 'REMOVE') await expect.poll(async () => (await rows('select id from ai_arts.job where id = $1', [id])).length).toBe(0);
  });
});

describe('turns', () => {
  test('users take turns, and the engine is given few jobs before it runs them', async () => {
    const other = await trainingHouse({ settings: { jobsAhead: 1, jobsAtOnce: 1 } });
    try {
      other.engine.startsAtOnce = false;
      const [alice, bob] = [other.actor(), other.actor()];
      const first = await alice.created();
      await expect.poll(() => other.engine.submits).toEqual([first]);
      const alices = [await alice.created(), await alice.created(), await alice.created()];
      const bobs = [await bob.created(), await bob.created()];
      expect(other.engine.submits).toEqual([first]);
      const expected = [first, bobs[0], alices[0], bobs[1], alices[1], alices[2]];
      for (const [place, id] of expected.entries()) {
        await expect.poll(() => other.engine.submits.length).toBe(place + 1);
        expect(other.engine.submits.at(-1)).toBe(id);
        other.engine.start(id!);
      }
    } finally {
      await other.close();
    }
  });

  test('5,000 queued jobs of one user keep nobody waiting: the engine is given few, the next user comes next, and each can be stopped at once', async () => {
    const other = await trainingHouse({ settings: { jobsAhead: 10 } });
    try {
      other.engine.startsAtOnce = false;
      const [alice, bob] = [other.actor(), other.actor()];
      const first = await alice.created();
      await expect.poll(() => other.engine.submits).toEqual([first]);
      const columns = (await sql<{ list: string }>(other.em(), `select string_agg(quote_ident(column_name), ',') as list from information_schema.columns where table_schema = 'ai_arts' and table_name = 'job' and column_name not in ('id', 'run_id', 'errand', 'is_staged', 'launch', 'engine_id', 'created_at')`))[0]!.list;
      const copies = `insert into ai_arts.job (id, run_id, errand, created_at, ${columns}) select new, new, 'SUBMIT', now(), ${columns} from ai_arts.job, (select gen_random_uuid() as new from generate_series(1, 5000)) copy where id = $1`;
      await sql(other.em(), copies, [first]);
      await sweep(other);
      await expect.poll(() => other.engine.submits.length).toBe(10);
      const bobs = await bob.created();
      const queued = (await alice.ask('{ trainings(first: 1) { totalCount nodes { id } } }')).data.trainings;
      expect(queued.totalCount).toBe(5_001);
      expect((await alice.change('stop', queued.nodes[0].id)).data.stopTraining.state).toBe('KILLED');
      other.engine.start(first);
      await expect.poll(() => other.engine.submits.length).toBe(11);
      expect(other.engine.submits.at(-1)).toBe(bobs);
    } finally {
      await other.close();
    }
  });

  test('what is to end does not wait for what is being staged', async () => {
    const other = await trainingHouse({ settings: { jobsAtOnce: 1 } });
    const stuck = Promise.withResolvers<void>();
    try {
      const alice = other.actor();
      const running = await alice.created();
      await alice.until(running, 'RUNNING');
      const input = await uploadedTraining(alice);
      other.store.before = (step) => (step === 'get' ? stuck.promise : undefined);
      await alice.created(input);
      await alice.change('stop', running);
      await alice.until(running, 'KILLED');
    } finally {
      stuck.resolve();
      await other.close();
    }
  });

  test('a job whose row somebody held when its turn came is not forgotten', async () => {
    const alice = house.actor();
    const id = await alice.created();
    await alice.until(id, 'RUNNING');
    await rows(`update ai_arts.job set state = 'KILLING', errand = 'STOP' where id = $1`, [id]);
    await house.em().transactional(async (tx) => {
      await sql(tx, 'select from ai_arts.job where id = $1 for update', [id]);
      await alice.until(await alice.created(), 'RUNNING');
    });
    await alice.until(id, 'KILLED');
  });

  test('several processes share the work: each job is submitted once', async () => {
    const second = await trainingHouse({ beside: house });
    try {
      const alice = house.actor();
      const ids = await Promise.all(Array.from({ length: 30 }, () => alice.created()));
      for (const id of ids) await alice.until(id, 'RUNNING');
      expect(ids.map((id) => house.engine.submits.filter((submitted) => submitted === id).length)).toEqual(ids.map(() => 1));
    } finally {
      await second.close();
    }
  });
});

test('a process that stops gives back what it was at, and the next goes on', async () => {
  const stuck = Promise.withResolvers<void>();
  const first = await trainingHouse();
  try {
    const second = await trainingHouse({ beside: first });
    const alice = second.actor();
    const input = await uploadedTraining(alice);
    let staging = 0;
    first.store.before = (step) => (step === 'get' && staging++ === 0 ? stuck.promise : undefined);
    const id = await alice.created(input);
    await expect.poll(() => staging).toBe(1);
    stuck.resolve();
    await second.close();
    await first.subgraph.services.jobReconciler.sweep();
    await expect.poll(() => first.engine.runs.get(id)?.view.state).toBe('RUNNING');
  } finally {
    await first.close();
  }
});

test('events of a job can be replayed, also when it was deleted since', async () => {
  const alice = house.actor();
  const all = await alice.listen('subscription { jobChanged { id } }');
  const id = await alice.created();
  const { data } = (await all.next()).value;
  await alice.until(id, 'RUNNING');
  await alice.change('delete', id);
  await expect.poll(async () => (await rows('select id from ai_arts.job where id = $1', [id])).length).toBe(0);
  const replay = await alice.listen('subscription ($after: ID) { jobChanged(after: $after) { state job { id } } }', { after: data.jobChanged.id });
  const seen = [];
  for (let count = 0; count < 4; count++) seen.push((await replay.next()).value.data.jobChanged);
  expect(seen).toEqual(['SCHEDULING', 'RUNNING', 'KILLING', 'KILLED'].map((state) => ({ state, job: null })));
  await replay.return!();
  await all.return!();
});
