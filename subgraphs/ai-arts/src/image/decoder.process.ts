import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { DecoderMessage, DecoderTask } from './decoder.task.js';

const PROGRAM = fileURLToPath(new URL('../../dist/image/decoder.main.js', import.meta.url));
/** Threads share what the C library holds in reserve, as decoders allocate much and seldom. */
const ENVIRONMENT = { MALLOC_ARENA_MAX: '2' };

/** The process ended without an answer. */
export class DecoderEnded extends Error {
  override readonly name = 'DecoderEnded';
}

type DecoderEnd = 'killed' | 'gave up';

/** A process that decodes one image at a time, so that one which crashes or never ends takes nothing else along. */
export class DecoderProcess {
  readonly #child: ChildProcess = fork(PROGRAM, { execArgv: [], env: ENVIRONMENT, serialization: 'advanced', stdio: ['ignore', 'ignore', 'ignore', 'ipc'] });
  readonly #ended = new Promise<DecoderEnd>((resolve) => {
    this.#child.once('exit', (code) => resolve(code === null ? 'killed' : 'gave up'));
    this.#child.once('error', () => resolve('gave up'));
  });
  readonly #begun = Promise.race([new Promise<'ready'>((resolve) => this.#child.once('message', () => resolve('ready'))), this.#ended]);

  /** @throws DecoderEnded; another Error when the program does not even start, which is no image's fault */
  async ask(task: DecoderTask): Promise<DecoderMessage> {
    const child = this.#child;
    if ((await this.#begun) === 'gave up') throw new Error('the program that decodes images does not start; npm ci installs again what it needs');
    const answered = new AbortController();
    try {
      const answer = once(child, 'message', { signal: answered.signal }) as Promise<[DecoderMessage]>;
      answer.catch(() => undefined);
      child.send(task, (error) => {
        if (error) child.kill('SIGKILL');
      });
      const first = await Promise.race([answer, this.#ended.then(() => undefined)]);
      if (!first) throw new DecoderEnded('the decoder ended');
      return first[0];
    } finally {
      answered.abort();
    }
  }

  /** Ends it, whatever it does. */
  async end(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#ended;
  }
}
