import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { admin } from '../testkit/actor.js';
import { startPlatform } from '../testkit/platform.js';

// The five minutes of the README, pasted into a shell: every line runs, and answers what is printed below it.

const REPOSITORY = join(import.meta.dirname, '../..');
const run = promisify(execFile);

/** The tour's commands from the first with a ticket on, without those for the terminal of the server. */
async function tourOf(readme: string): Promise<string> {
  const text = await readFile(join(REPOSITORY, readme), 'utf8');
  const blocks = [...text.matchAll(/```sh\n(.*?)```/gs)].map(([, block]) => block!);
  // A stream has no end; the flow of subscriptions runs it.
  const ending = blocks.filter((block) => !block.includes('text/event-stream') && !/npm (run )?start/.test(block));
  return ending.filter((block) => /TICKET/.test(block) || /^graph /m.test(block) || block.includes('localhost:4000')).join('\n');
}

test.each(['README.md', 'README.zh.md'])('the tour of %s answers as printed', async (readme) => {
  const tour = await tourOf(readme);
  const expected = [...tour.matchAll(/^# (\{.*\})$/gm)].map(([, line]) => JSON.parse(line!) as unknown);
  expect(expected.length).toBeGreaterThan(5);
  const platform = await startPlatform();
  try {
    const { credential } = await admin(platform);
    const script = tour.replaceAll('localhost:4000', new URL(platform.url).host).replace(/^TICKET=.*$/m, `TICKET=${credential}`);
    // curl ends no line of its own.
    const { stdout } = await run('bash', ['-euc', `curl() { command curl "$@"; echo; }\n${script}`]);
    const answers = stdout.split('\n').filter((line) => line !== '').map((line) => JSON.parse(line) as unknown);
    expect(answers).toEqual(expected);
  } finally {
    await platform.dispose();
  }
});
