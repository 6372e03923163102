import { pino, type Logger } from 'pino';
import { traceIds } from '../telemetry/trace-context.js';

export type Log = Logger;

/** Names under which credentials travel; their values never reach a log line. */
const SECRETS = ['authorization', 'token', 'x-auth-token', 'csrfpreventiontoken', 'cookie', 'password', 'ticket', 'secret', 'webhookSecret'];

/** A JSON logger to stderr with request ids and without credentials; with the ids of the trace where there is one. */
export function createLog(level: string, name: string): Log {
  return pino(
    {
      name,
      level,
      redact: { paths: SECRETS.flatMap((key) => [`["${key}"]`, `*["${key}"]`, `*.*["${key}"]`]), censor: '[redacted]' },
      mixin: traceIds,
      serializers: { err: pino.stdSerializers.err },
    },
    pino.destination({ dest: 2, sync: true }),
  );
}

/** A logger that says nothing, for tests of one service. */
export const silentLog: Log = pino({ level: 'silent' });
