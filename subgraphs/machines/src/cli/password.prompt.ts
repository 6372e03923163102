import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { Writable } from 'node:stream';
import { CommandError, INTERRUPTED, UsageError } from './terminal.js';

/** A new password: asked for twice without an echo at a terminal, otherwise the first line of stdin. Never an argument, which others can see. */
export async function readNewPassword(username: string): Promise<string> {
  if (!process.stdin.isTTY) {
    const [line = ''] = (await text(process.stdin)).split(/\r?\n/);
    if (line === '') throw new UsageError('expected the password as a line on stdin');
    return line;
  }
  const [password, again] = await ask([`New password of ${username}: `, 'Again: ']);
  if (password !== again) throw new CommandError('The two passwords differ; nothing was changed.');
  return password!;
}

/** Asks with the echo off from before the first question until after the last answer. */
async function ask(questions: readonly string[]): Promise<string[]> {
  const mute = new Writable({ write: (_chunk, _encoding, done) => done() });
  const prompt = createInterface({ input: process.stdin, output: mute, terminal: true, historySize: 0 });
  prompt.once('SIGINT', () => {
    prompt.close();
    process.stderr.write('\n');
    process.exit(INTERRUPTED);
  });
  const lines = prompt[Symbol.asyncIterator]();
  const answers: string[] = [];
  try {
    for (const question of questions) {
      process.stderr.write(question);
      const line = await lines.next();
      process.stderr.write('\n');
      if (line.done) throw new CommandError('No password was given; nothing was changed.');
      answers.push(line.value);
    }
    return answers;
  } finally {
    prompt.close();
  }
}
