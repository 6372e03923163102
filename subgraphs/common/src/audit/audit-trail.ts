import { HutongError } from '../errors/define-error.js';
import type { RequestScope } from '../graph/context.js';
import type { Log } from '../log/log.js';
import type { Peers } from '../peers/peers.js';

/** What one mutation did, without anything secret. */
export interface AuditRecord {
  actorId: string | null;
  action: string;
  /** The thing acted on, `<Type>:<id>` or an id, when the mutation tells. */
  subject: string | null;
  requestId: string;
  /** `ok`, or the code of the failure. */
  outcome: string;
  at: Date;
}

/** Keeps audit records; resolves when the record is safe. */
export type AuditSink = (record: AuditRecord, scope: RequestScope) => Promise<void>;

const RECORD_AUDIT = 'mutation RecordAudit($input: RecordAuditInput!) { recordAudit(input: $input) }';

/** Keeps the records of every subgraph in the named one, by its peer mutation `recordAudit`. */
export const auditIn =
  (subgraph: string, peers: Peers): AuditSink =>
  async ({ at, ...record }, { caller, requestId }) => {
    const input = { ...record, at: at.toISOString() };
    await peers.call({ caller, requestId }, { subgraph, document: RECORD_AUDIT, variables: { input } });
  };

interface Mutation {
  action: string;
  args: Record<string, unknown>;
  result?: unknown;
  error?: unknown;
}

/** Writes every mutation to the audit log. A log that cannot be reached delays no caller: the record goes to the process log instead. */
export class AuditTrail {
  readonly #keep: AuditSink;
  readonly #log: Log;

  constructor(keep: AuditSink, log: Log) {
    this.#keep = keep;
    this.#log = log;
  }

  async record(scope: RequestScope, { action, args, result, error }: Mutation): Promise<void> {
    const record: AuditRecord = {
      actorId: scope.caller.userId,
      action,
      subject: subjectOf(result) ?? subjectOf(named(args.input, error)) ?? subjectOf(args),
      requestId: scope.requestId,
      outcome: error === undefined ? 'ok' : error instanceof HutongError ? error.code : 'INTERNAL_SERVER_ERROR',
      at: new Date(),
    };
    try {
      await this.#keep(record, scope);
    } catch (cause) {
      this.#log.error({ err: cause, audit: record }, 'audit record could not be kept; it stands in this line instead');
    }
  }
}

const NAMES_OF_ID = ['id', 'taskId', 'machineId', 'userId', 'username'];

/** What the input names. A name that was refused is left out: people type passwords into the wrong field. */
function named(input: unknown, error: unknown): unknown {
  if (error === undefined || input === null || typeof input !== 'object') return input;
  return { ...input, username: undefined };
}

function subjectOf(thing: unknown): string | null {
  if (Array.isArray(thing)) return thing.length === 1 ? subjectOf(thing[0]) : null;
  if (thing === null || typeof thing !== 'object') return null;
  const known = thing as Record<string, unknown>;
  const name = NAMES_OF_ID.find((key) => typeof known[key] === 'string' || typeof known[key] === 'number');
  if (name === undefined) return null;
  const type = thing.constructor?.name;
  return type && type !== 'Object' ? `${type}:${String(known[name])}` : String(known[name]);
}
