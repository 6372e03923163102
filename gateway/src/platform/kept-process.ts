import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

export interface KeptProcessOptions {
  name: string;
  /** The script that Node runs, with the options that this process has of it; only one process can be looked into at a port. */
  file: string;
  environment: Record<string, string | undefined>;
  say: (line: string) => void;
  /** What it writes to stderr. */
  complain: (line: string) => void;
  /** Called when it ended before it was up for the first time: it will not do better next time. */
  onDeadOnArrival: () => void;
}

const RESTART_MS = 250;
const LONGEST_STOP_MS = 45_000;

/**
 * A process that is started again when it dies, unless it never was up, which it says by a message over its channel to us.
 * It ends itself when we die, as the channel closes then.
 */
export class KeptProcess {
  readonly #options: KeptProcessOptions;
  #child: ChildProcess;
  #restart: NodeJS.Timeout | undefined;
  #wasUp = false;
  #stopping = false;

  constructor(options: KeptProcessOptions) {
    this.#options = options;
    this.#child = this.#start();
  }

  /** To the process that runs at present. */
  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** SIGTERM again, for one that is not to wait for running requests. */
  hurry(): void {
    this.#stopping = true;
    clearTimeout(this.#restart);
    this.#child.kill('SIGTERM');
  }

  /** SIGTERM, and waits; one that takes too long is killed. */
  async stop(): Promise<void> {
    this.#stopping = true;
    clearTimeout(this.#restart);
    const child = this.#child;
    if (child.exitCode !== null || child.signalCode !== null) return;
    const kill = setTimeout(() => child.kill('SIGKILL'), LONGEST_STOP_MS);
    const closed = once(child, 'close');
    child.kill('SIGTERM');
    await closed;
    clearTimeout(kill);
  }

  #start(): ChildProcess {
    const { name, file, environment, say, complain } = this.#options;
    // In a process group of its own: Ctrl+C in a terminal is for us, who end the processes in their order.
    const detached = process.platform !== 'win32';
    const child = spawn(process.execPath, [...process.execArgv.filter((option) => !option.startsWith('--inspect')), file], { env: environment, stdio: ['ignore', 'pipe', 'pipe', 'ipc'], detached });
    if (child.stdout) createInterface({ input: child.stdout }).on('line', (line) => say(`[${name}] ${line}`));
    if (child.stderr) createInterface({ input: child.stderr }).on('line', (line) => complain(`[${name}] ${line}`));
    say(`[${name}] is process ${child.pid}`);
    child.once('message', () => (this.#wasUp = true));
    child.once('exit', (code, signal) => this.#ended(signal ?? `code ${code}`, signal === null && !this.#wasUp));
    return child;
  }

  #ended(how: string, onArrival: boolean): void {
    if (this.#stopping) return;
    const { name, say, onDeadOnArrival } = this.#options;
    if (onArrival) {
      say(`[${name}] ended with ${how} before it was up: all are ended`);
      return onDeadOnArrival();
    }
    say(`[${name}] ended with ${how} and is started again`);
    this.#restart = setTimeout(() => (this.#child = this.#start()), RESTART_MS);
  }
}
