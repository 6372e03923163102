// A process of its own for each job: starts its tasks, watches over them, and writes down how they ended. It goes on while
// Hutong is restarted. Its one argument is the job's engine folder.
import { chmodSync, existsSync, mkdirSync, readFileSync, watch } from 'node:fs';
import path from 'node:path';
import { giveTo } from '../job.ownership.js';
import { removeFolder } from './folder.removal.js';
import { PLAN } from './job.folder.js';
import { KeeperFiles } from './keeper.files.js';
import { endedNow, type EndRecord, type KeeperPlan } from './keeper.plan.js';
import { KeptJob } from './kept.job.js';
import { ownIdentity } from './system.process.js';

const folder = process.argv[2]!;
const plan = JSON.parse(readFileSync(path.join(folder, PLAN), 'utf8')) as KeeperPlan;
const files = new KeeperFiles(folder, plan.changed);

if (files.claim({ keeper: ownIdentity(), marker: plan.marker, gpus: plan.gpus })) {
  const end = files.stop() ? endedNow('STOPPED', 'stopped before it was started') : await keep();
  // What is left of it goes with the job's engine folder.
  await removeFolder(plan.temporary).catch((error: Error) => console.error(error));
  await files.ended(end);
}
process.exit();

async function keep(): Promise<EndRecord> {
  const job = new KeptJob(plan, () => files.stop());
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, () => job.endFor(`the host ended it (${signal})`));
  const watcher = watch(folder, () => job.look());
  watcher.on('error', (error) => console.error(error));
  try {
    prepare();
    files.running(await job.start());
  } catch (error) {
    return endedNow('LOST', `it could not be started: ${inWords(error as NodeJS.ErrnoException)}`);
  }
  return job.untilEnded();
}

function prepare(): void {
  for (const place of plan.needed) if (!existsSync(place)) throw new Error(`${path.basename(place)}, which it needs, is not there`);
  mkdirSync(plan.temporary, { recursive: true });
  chmodSync(plan.temporary, 0o700);
  if (plan.owner) for (const given of [plan.temporary, ...plan.folders]) giveTo(plan.owner, given);
}

/** Without the places of this host. */
function inWords({ code, syscall, message }: NodeJS.ErrnoException): string {
  return code === undefined ? message : `${code}${syscall === undefined ? '' : ` (${syscall.split(' ')[0]})`}`;
}
