import { sql, type House } from '@hutong/common';
import type { Clock } from '../context.js';

const EVERY_MS = 10 * 60_000;
const DAY_MS = 86_400_000;

/** Removes what has run out: sessions, counts of failed logins, old audit entries. Ends with the function it returns. */
export function startHousekeeping({ database, log }: House, now: Clock, auditKeptDays: number): () => void {
  const clean = async () => {
    const em = database.em.fork();
    await sql(em, 'delete from machines.session where expires_at <= $1', [now()]);
    await sql(em, 'delete from machines.login_throttle where ends_at <= $1', [now()]);
    await sql(em, 'delete from machines.audit_entry where at < $1', [new Date(now().getTime() - auditKeptDays * DAY_MS)]);
  };
  const timer = setInterval(() => void clean().catch((error: unknown) => log.warn({ err: error }, 'could not remove what has run out')), EVERY_MS);
  timer.unref();
  return () => clearInterval(timer);
}
