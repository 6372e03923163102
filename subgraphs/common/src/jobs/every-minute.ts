import type { PgBoss } from 'pg-boss';

const EVERY_MINUTE = '* * * * *';
const KEPT_SECONDS = 3_600;

/** Has `work` done once a minute, by one of the processes that call this with the same name; a turn that fails is followed by the next minute's. */
export async function everyMinute(boss: PgBoss, name: string, work: () => Promise<void>): Promise<void> {
  await boss.createQueue(name, { policy: 'short', retryLimit: 0, deleteAfterSeconds: KEPT_SECONDS });
  await boss.work(name, work);
  await boss.schedule(name, EVERY_MINUTE);
}
