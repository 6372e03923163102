import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

const REPOSITORY = join(import.meta.dirname, '../..');
/** How long a command that is told to end may take to clean up. */
const GRACE_MS = 30_000;
/** What is remembered of its last words. */
const LAST_LINES = 5;

export interface LimitedCommand {
  /** Arguments of this Node. */
  given: readonly string[];
  environment?: Record<string, string>;
  limitMs: number;
}

export interface CommandEnd {
  output: string;
  seconds: number;
  /** Why it did not end well, for a reader; undefined when it did. */
  fault: string | undefined;
}

/** Runs a command to its end, or ends it, with all processes that it has started, when its time is over. */
export async function runLimited({ given, environment = {}, limitMs }: LimitedCommand, graceMs = GRACE_MS): Promise<CommandEnd> {
  const begun = performance.now();
  // A process group of its own, so that what it has started ends with it.
  const child = spawn(process.execPath, [...given], { cwd: REPOSITORY, env: { ...process.env, ...environment }, stdio: ['ignore', 'pipe', 'pipe'], detached: true });
  let output = '';
  let errors = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => (output += chunk));
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => (errors += chunk));
  // Not `close`, which what it leaves behind could hold off.
  const exited = once(child, 'exit') as Promise<[number | null, NodeJS.Signals | null]>;
  const over = new AbortController();
  const isLate = await Promise.race([exited.then(() => false), delay(limitMs, true, { signal: over.signal }).catch(() => false)]);
  over.abort();
  if (isLate) {
    signalGroup(child.pid!, 'SIGTERM');
    await Promise.race([exited, delay(graceMs, undefined, { ref: false })]);
  }
  const [code, signal] = isLate && child.exitCode === null ? (signalGroup(child.pid!, 'SIGKILL'), await exited) : await exited;
  // What is still there of its group has nobody who waits for it.
  signalGroup(child.pid!, 'SIGKILL');
  const seconds = (performance.now() - begun) / 1_000;
  if (isLate) return { output, seconds, fault: `ended after ${Math.round(limitMs / 60_000)} min, which is its limit` };
  if (code === 0) return { output, seconds, fault: undefined };
  const words = lastWords(errors.trim() || output.trim());
  return { output, seconds, fault: `ended with ${code ?? signal}${words === '' ? '' : `: ${words}`}` };
}

/** The error that a program died of, or the last that it said. */
function lastWords(text: string): string {
  const lines = text.split('\n');
  return lines.findLast((line) => /^\w*Error\b/.test(line)) ?? lines.slice(-LAST_LINES).join(' / ');
}

function signalGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
