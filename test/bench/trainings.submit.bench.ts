import { randomUUID } from 'node:crypto';
import { connectToEmbedded, openJobs, silentLog } from '@hutong/common';
import { Client } from 'pg';
import { admin } from '../testkit/actor.js';
import { startPlatform, type Platform } from '../testkit/platform.js';
import { endJobs, LOCAL_ENGINE, Trainer } from '../testkit/training.js';
import type { Benchmark } from './benchmark.js';

const TRAININGS = 1_000;
const CLIENTS = 16;
const ROUNDS = 3;
const TARGET = 0.5;
const QUEUE = 'plain';

/** Submits so many trainings, one by one, by clients that each wait for every answer; per second. */
async function ours(trainer: Trainer, codePath: string): Promise<number> {
  let left = TRAININGS;
  const start = performance.now();
  await Promise.all(
    Array.from({ length: CLIENTS }, async () => {
      while (left-- > 0) await trainer.create('', { code: null, codePath, startupFile: 'train.sh', params: { epochs: 3, lr: 0.1 } });
    }),
  );
  return (TRAININGS * 1_000) / (performance.now() - start);
}

/** The same rows by a plain loop: each with its job of pg-boss, in one transaction. */
async function plain({ dataDirectory }: Platform): Promise<number> {
  const { url, close } = await connectToEmbedded({ dataDirectory });
  const client = new Client({ connectionString: url });
  await client.connect();
  const boss = await openJobs(url, 'bench', silentLog);
  try {
    await client.query('create schema if not exists bench; create table if not exists bench.job (like ai_arts.job including all)');
    await boss.createQueue(QUEUE);
    const start = performance.now();
    for (let count = 0; count < TRAININGS; count += 1) {
      const id = randomUUID();
      await client.query('begin');
      await client.query(
        `insert into bench.job (id, kind, owner_id, name, engine, device_type, device_num, state, request_hash, errand, run_id, startup_file, params, job_training_type, memory_bytes, time_limit_seconds, log_read_bytes, is_log_read)
         values ($1, 'TRAINING', 'somebody', 'mnist', 'bash', 'cpu', 1, 'QUEUED', 'hash', 'SUBMIT', $1, 'train.sh', '{"epochs":3,"lr":0.1}', 'RegularJob', 268435456, 604800, 0, false)`,
        [id],
      );
      await boss.send(QUEUE, { id }, { db: { executeSql: (text: string, values?: unknown[]) => client.query(text, values) } });
      await client.query('commit');
    }
    return (TRAININGS * 1_000) / (performance.now() - start);
  } finally {
    await boss.stop({ graceful: false });
    await client.query('drop schema if exists bench, bench_jobs cascade');
    await client.end();
    await close();
  }
}

const submit: Benchmark = {
  name: '1,000 trainings submitted one by one over HTTP by 16 clients',
  target: '≥ 0.5 × a plain loop that inserts the row and the pg-boss job in one transaction',
  meets: (ratio) => ratio >= TARGET,
  async run() {
    const environment = { ...LOCAL_ENGINE, ENGINE_LOCAL_CPUS: '1', TRAININGS_PER_USER: '1000000', JOBS_AHEAD: '10' };
    const platform = await startPlatform({ database: 'embedded', environment });
    try {
      const trainer = new Trainer(await admin(platform));
      // It has the only processor: the others wait, as 1,000 do on any engine.
      const { id } = await trainer.running();
      const { training } = await trainer.actor.ask('query ($id: ID!) { training(id: $id) { codePath } }', { id });
      const perSecond: Record<'ours' | 'plain', number[]> = { ours: [], plain: [] };
      for (let round = 0; round <= ROUNDS; round += 1) {
        const [measured, loop] = [await ours(trainer, training.codePath as string), await plain(platform)];
        // The first round is for the compiler.
        if (round === 0) continue;
        perSecond.ours.push(Math.round(measured));
        perSecond.plain.push(Math.round(loop));
      }
      return { ratio: perSecond.ours.map((rate, round) => rate / perSecond.plain[round]!), detail: { perSecond } };
    } finally {
      await endJobs(platform);
      await platform.dispose();
    }
  },
};

export const benchmarks: Benchmark[] = [submit];
