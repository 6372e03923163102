import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

export interface KeptProcessOptions {
  name: string;
  /** The script that Node runs. */
  file: string;
  environment: Record<string, string | undefined>;
  say: (line: string) => void;
  /** Called when it ended so soon after its start that it will not do better next time. */
  onDeadOnArrival: () => void;
}

/** One that ended by itself within this is not started again. */
const ARRIVED_MS = 5_000;
const RESTART_MS = 250;
const LONGEST_STOP_MS = 45_000;

/** A process that is started again when it dies. It ends itself when we die, as its channel to us closes then. */
export class KeptProcess {
  readonly #options: KeptProcessOptions;
  #child: ChildProcess;
  #restart: NodeJS.Timeout | undefined;
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
    const { name, file, environment, say } = this.#options;
    const startedAt = Date.now();
    // In a process group of its own: Ctrl+C in a terminal is for us, who end the processes in their order.
    const detached = process.platform !== 'win32';
    const child = spawn(process.execPath, [file], { env: environment, stdio: ['ignore', 'pipe', 'pipe', 'ipc'], detached });
    for (const stream of [child.stdout, child.stderr]) {
      if (stream) createInterface({ input: stream }).on('line', (line) => say(`[${name}] ${line}`));
    }
    say(`[${name}] is process ${child.pid}`);
    child.once('exit', (code, signal) => this.#ended(signal ?? `code ${code}`, signal === null && Date.now() - startedAt < ARRIVED_MS));
    return child;
  }

  #ended(how: string, onArrival: boolean): void {
    if (this.#stopping) return;
    const { name, say, onDeadOnArrival } = this.#options;
    if (onArrival) {
      say(`[${name}] ended with ${how} right after its start: all are ended`);
      return onDeadOnArrival();
    }
    say(`[${name}] ended with ${how} and is started again`);
    this.#restart = setTimeout(() => (this.#child = this.#start()), RESTART_MS);
  }
}
