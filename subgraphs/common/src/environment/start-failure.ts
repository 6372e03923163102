import { HutongError } from '../errors/define-error.js';
import { SettingError } from './settings.js';

/** What PostgreSQL and the network say when a database is not to be reached, not an error of ours. */
const UNREACHABLE = new Set(['ECONNREFUSED', 'ENOTFOUND', 'ETIMEDOUT', 'EHOSTUNREACH', 'ECONNRESET', 'EAI_AGAIN', '28P01', '28000', '3D000', '57P03']);

/** What a failed start tells on the terminal: one line for what a person can put right, the whole stack for anything else. */
export function startFailureText(error: unknown): string {
  if (error instanceof SettingError || error instanceof HutongError) return error.message;
  if (error instanceof Error && error.name === 'DatabaseStartError') return error.message;
  const unreachable = causeOf(error).find(({ code }) => typeof code === 'string' && UNREACHABLE.has(code));
  if (unreachable) return `DATABASE_URL: the database cannot be reached: ${unreachable.message || unreachable.code}, for example DATABASE_URL=postgres://user:password@127.0.0.1:5432/hutong`;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

type Cause = Error & { code?: string; errors?: Error[]; cause?: unknown };

function causeOf(error: unknown): Cause[] {
  if (!(error instanceof Error)) return [];
  const { cause, errors = [] } = error as Cause;
  return [error, ...causeOf(cause), ...errors.flatMap(causeOf)];
}
