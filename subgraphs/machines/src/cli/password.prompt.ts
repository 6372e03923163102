import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { Writable } from 'node:stream';
import { UsageError } from './terminal.js';

/** A new password: asked for twice without an echo at a terminal, otherwise the first line of stdin. Never an argument, which others can see. */
export async function readNewPassword(username: string): Promise<string> {
  if (!process.stdin.isTTY) {
    const [line = ''] = (await text(process.stdin)).split(/\r?\n/);
    if (line === '') throw new UsageError('expected the password as a line on stdin');
    return line;
  }
  const password = await ask(`New password of ${username}: `);
  if ((await ask('Again: ')) !== password) throw new UsageError('the two passwords differ');
  return password;
}

async function ask(question: string): Promise<string> {
  const mute = new Writable({ write: (_chunk, _encoding, done) => done() });
  process.stderr.write(question);
  const lines = createInterface({ input: process.stdin, output: mute, terminal: true });
  try {
    lines.once('SIGINT', () => lines.close());
    const [line] = (await Promise.race([once(lines, 'line'), once(lines, 'close').then(() => [undefined])])) as [string | undefined];
    if (line === undefined) throw new UsageError('no password was given');
    return line;
  } finally {
    lines.close();
    process.stderr.write('\n');
  }
}
