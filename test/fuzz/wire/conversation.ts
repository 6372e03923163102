import { connect, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { AnswerParser, type WireAnswer } from './answer.parser.js';

/** Where a server listens. */
export interface Address {
  host: string;
  port: number;
}

/** What is sent over one connection, and how. */
export interface Script {
  /** Sent one after the other, with pauses between them when there are some. */
  parts: readonly Buffer[];
  pauseMs?: number;
  /** Of the requests in it, to know which answers have no body. */
  methods: readonly string[];
  /** The connection is left when so many answers have come. */
  answers: number;
  /**
   * `stays`: the sender waits for the answers, or for the server to close. `ends`: it sends nothing more, and says so as soon as
   * all is sent. `lingers`: the same a little later, when there was an answer or nothing comes. `breaks`: the connection is reset.
   */
  sender: 'stays' | 'ends' | 'lingers' | 'breaks';
}

export interface Conversation {
  answers: readonly WireAnswer[];
  /** What of the answers is no HTTP. */
  fault: string | undefined;
  /** `goes on`: the last answer has no end, so that those to later requests never come. `silent`: the server neither answered nor closed, for so long as nobody waits. */
  ended: 'answered' | 'goes on' | 'closed' | 'silent';
}

/** Nothing that is asked here takes nearly as long, on a machine however busy. */
const PATIENCE_MS = 30_000;
/** A sender that has nothing more to say looks for an answer for so long. */
const LINGER_MS = 40;

/** Says over a connection of its own what a script has, byte for byte, and takes down the answers. */
export async function converse({ host, port }: Address, script: Script): Promise<Conversation> {
  const parser = new AnswerParser(script.methods);
  const outcome = Promise.withResolvers<Conversation['ended']>();
  const answered = Promise.withResolvers<void>();
  const socket = connect({ host, port, noDelay: true, allowHalfOpen: true });
  socket.on('data', (bytes: Buffer) => {
    parser.push(bytes);
    if (parser.answers.length > 0) answered.resolve();
    if (parser.answers.length >= script.answers || parser.fault !== undefined) outcome.resolve('answered');
    else if (parser.isGivenAway) outcome.resolve('goes on');
  });
  socket.on('end', () => {
    parser.end();
    outcome.resolve(parser.answers.length >= script.answers ? 'answered' : 'closed');
  });
  // The server may close before everything is sent; what it has answered counts all the same.
  socket.on('error', () => outcome.resolve('closed')).on('close', () => outcome.resolve('closed'));
  const patience = setTimeout(() => outcome.resolve('silent'), PATIENCE_MS);
  void send(socket, script, answered.promise).catch(() => outcome.resolve('closed'));
  const ended = await outcome.promise;
  clearTimeout(patience);
  socket.destroy();
  return { answers: parser.answers, fault: parser.fault, ended };
}

async function send(socket: Socket, { parts, pauseMs = 0, sender }: Script, answered: Promise<void>): Promise<void> {
  for (const [at, part] of parts.entries()) {
    if (at > 0 && pauseMs > 0) await delay(pauseMs);
    if (socket.destroyed) return;
    await new Promise<void>((resolve, reject) => socket.write(part, (error) => (error ? reject(error) : resolve())));
  }
  if (sender === 'breaks') socket.resetAndDestroy();
  if (sender === 'lingers') await Promise.race([answered, delay(LINGER_MS)]);
  if (sender === 'ends' || sender === 'lingers') socket.end();
}
