import { connectToEmbedded, ConnectedPeers, createLog, HutongError, openSubgraph, platformSecret, SettingError, type RequestScope } from '@hutong/common';
import type { MachinesServices } from '../context.js';
import { readToolSettings } from '../environment.js';
import { ImportFileError } from '../import/record.file.js';
import { machines } from '../subgraph.js';

/** A command that cannot be done; its message says all there is to say. */
export class CommandError extends Error {
  override readonly name = 'CommandError';
}

/** A command that cannot be understood; its message is shown with the usage. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** The exit code of a command that Ctrl-C ended. */
export const INTERRUPTED = 130;

/** What a command works with. */
export interface Tool {
  services: MachinesServices;
  scope: RequestScope;
}

/**
 * Opens the subgraph on the platform's database, beside a running platform or without one, and lets go of it after the
 * work. Where the embedded database does not run, it is started for as long.
 */
export async function withTool<Result>(work: (tool: Tool) => Promise<Result>): Promise<Result> {
  const { databaseUrl, secret, dataDirectory, logLevel } = readToolSettings();
  const embedded = databaseUrl === undefined ? await connectToEmbedded({ dataDirectory, onProgress: say }) : undefined;
  // What was begun is undone by the database when the connection ends.
  const interrupted = () => void Promise.resolve(embedded?.close()).finally(() => process.exit(INTERRUPTED));
  process.once('SIGINT', interrupted).once('SIGTERM', interrupted);
  try {
    const subgraph = await openSubgraph(machines, {
      secret: await platformSecret(secret, dataDirectory),
      databaseUrl: databaseUrl ?? embedded!.url,
      peers: new ConnectedPeers(new Map()),
      keepAudit: async () => undefined,
      log: createLog(logLevel, 'hutong-tool'),
    });
    try {
      return await work({ services: subgraph.services, scope: subgraph.services.ownScope() });
    } finally {
      await subgraph.stop();
    }
  } finally {
    process.off('SIGINT', interrupted).off('SIGTERM', interrupted);
    await embedded?.close();
  }
}

/** Does something and writes it to the audit log, as the platform itself. */
export async function audited<Result>({ services, scope }: Tool, action: string, subject: string | null, work: () => Promise<Result>): Promise<Result> {
  const keep = (outcome: string) => services.audit.keep(scope, { actorId: null, action: `terminal:${action}`, subject, requestId: scope.requestId, outcome, at: new Date() });
  try {
    const result = await work();
    await keep('ok');
    return result;
  } catch (error) {
    await keep(error instanceof HutongError ? error.code : 'FAILED').catch(() => undefined);
    throw error;
  }
}

/** Runs a command to its exit code: 0 done, 1 failed, 2 not understood. */
export async function runCommand(usage: string, command: () => Promise<void>): Promise<void> {
  try {
    await command();
  } catch (error) {
    process.exitCode = error instanceof UsageError || isArgumentError(error) ? 2 : 1;
    say(explain(error));
    if (process.exitCode === 2) say(`\n${usage}`);
  }
}

/** A line for whoever sits at the terminal; results go to stdout. */
export function say(line: string): void {
  process.stderr.write(`${line}\n`);
}

function explain(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const isExpected =
    [HutongError, ImportFileError, SettingError, UsageError, CommandError].some((kind) => error instanceof kind) || error.name === 'DatabaseStartError' || isArgumentError(error);
  if (isExpected) return error.message;
  const { code } = error as NodeJS.ErrnoException;
  return code === 'ECONNREFUSED' || code === 'ENOTFOUND' ? `The database cannot be reached (${code}).` : (error.stack ?? error.message);
}

const isArgumentError = (error: unknown): boolean => error instanceof Error && String((error as NodeJS.ErrnoException).code).startsWith('ERR_PARSE_ARGS');
