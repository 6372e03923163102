import { once } from 'node:events';
import { open } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { CloudError } from '../driver.js';

interface Waiting {
  resolve(answer: unknown): void;
  reject(error: Error): void;
}

interface QmpMessage {
  QMP?: object;
  event?: string;
  id?: number;
  return?: unknown;
  error?: { class: string; desc: string };
}

/** In characters; QEMU's own answers have some thousand. */
const LONGEST_LINE = 2 ** 22;

/**
 * A connection to the monitor of one running QEMU. QEMU serves one client at a time, so a machine has one connection,
 * which all calls for it share.
 */
export class QmpConnection {
  /** Whether QEMU, or we, have ended the connection. */
  ended = false;
  private text = '';
  private lastId = 0;
  private readonly waiting = new Map<number, Waiting>();
  private readonly greeted = Promise.withResolvers<void>();

  private constructor(private readonly socket: Socket) {
    this.greeted.promise.catch(() => undefined);
    socket.setEncoding('utf8');
    socket.on('data', (text: string) => this.read(text));
    socket.on('error', () => undefined);
    socket.on('close', () => this.end());
  }

  /**
   * Connects to the socket `name` in a folder and waits until QEMU takes commands. Rejects with UNREACHABLE when
   * nothing listens there.
   */
  static async open(folder: string, name: string, signal: AbortSignal): Promise<QmpConnection> {
    // The path of a socket has at most 107 bytes; a folder's may be longer, so the way leads through its descriptor.
    const handle = await open(folder);
    try {
      const socket = connect(`/proc/self/fd/${handle.fd}/${name}`);
      try {
        await once(socket, 'connect', { signal });
      } catch (error) {
        socket.destroy();
        signal.throwIfAborted();
        throw new CloudError('UNREACHABLE', 'QEMU does not listen yet, or no longer', { cause: error });
      }
      const connection = new QmpConnection(socket);
      try {
        await untilAborted(connection.greeted.promise, signal);
        await connection.run('qmp_capabilities', {}, signal);
        return connection;
      } catch (error) {
        connection.close();
        throw error;
      }
    } finally {
      await handle.close();
    }
  }

  /** Runs a command and resolves with its answer; FAILED in QEMU's words, UNREACHABLE when the connection ends first. */
  async run<Answer = unknown>(command: string, parameters: object, signal: AbortSignal): Promise<Answer> {
    if (this.ended) throw ended();
    const id = ++this.lastId;
    const answer = Promise.withResolvers<unknown>();
    this.waiting.set(id, answer);
    // Only while there is an answer to come does the connection keep our process up.
    this.socket.ref();
    this.socket.write(`${JSON.stringify({ execute: command, arguments: parameters, id })}\n`);
    return (await untilAborted(answer.promise, signal)) as Answer;
  }

  close(): void {
    this.socket.destroy();
    this.end();
  }

  private read(text: string): void {
    this.text += text;
    for (let end = this.text.indexOf('\n'); end >= 0; end = this.text.indexOf('\n')) {
      const line = this.text.slice(0, end);
      this.text = this.text.slice(end + 1);
      if (line.trim() === '') continue;
      const message = parsed(line);
      // A QEMU that a guest has broken into may say anything.
      if (message) this.take(message);
      else this.close();
    }
    if (this.text.length > LONGEST_LINE) this.close();
  }

  private take(message: QmpMessage): void {
    if (message.QMP) return this.greeted.resolve();
    if (message.id === undefined) return;
    const waiting = this.waiting.get(message.id);
    this.waiting.delete(message.id);
    if (this.waiting.size === 0) this.socket.unref();
    if (message.error) waiting?.reject(new CloudError('FAILED', `QEMU: ${message.error.desc}`));
    else waiting?.resolve(message.return);
  }

  private end(): void {
    this.ended = true;
    this.greeted.reject(ended());
    for (const waiting of this.waiting.values()) waiting.reject(ended());
    this.waiting.clear();
  }
}

function parsed(line: string): QmpMessage | undefined {
  try {
    return JSON.parse(line) as QmpMessage;
  } catch {
    return undefined;
  }
}

const ended = (): CloudError => new CloudError('UNREACHABLE', 'the connection to QEMU has ended');

/** The promise's outcome, or the signal's reason as soon as it aborts; the promise itself goes on unheard. */
export function untilAborted<Value>(promise: Promise<Value>, signal: AbortSignal): Promise<Value> {
  promise.catch(() => undefined);
  if (signal.aborted) return Promise.reject(signal.reason as Error);
  const aborted = Promise.withResolvers<never>();
  const abort = () => aborted.reject(signal.reason as Error);
  signal.addEventListener('abort', abort, { once: true });
  return Promise.race([promise, aborted.promise]).finally(() => signal.removeEventListener('abort', abort));
}
