import { Writable } from 'node:stream';
import type { WriteStream } from 'node:tty';
import { stripVTControlCharacters } from 'node:util';
import { describe, expect, test } from 'vitest';
import { Terminal } from './terminal.js';

/** A stream that remembers what it was told; with a width it is a terminal. */
function screen(columns?: number): { stream: WriteStream; written: () => string } {
  let text = '';
  const stream = new Writable({
    write(chunk: Buffer, _encoding, done) {
      text += chunk.toString();
      done();
    },
  });
  return { stream: Object.assign(stream, columns === undefined ? {} : { isTTY: true, columns }) as unknown as WriteStream, written: () => text };
}

const CLEAR = '\r\u001B[K';

/** What is to be seen in the end: of every line what was written after it was cleared. */
const seen = (text: string): string => stripVTControlCharacters(text.split('\n').map((line) => line.split(CLEAR).at(-1)).join('\n'));

describe('on a terminal', () => {
  test('a step moves a bar in the last line, above which lines of a log stay', async () => {
    const { stream, written } = screen(120);
    const terminal = new Terminal(stream);
    const moved = Promise.withResolvers<void>();
    const poll = setInterval(() => written().includes('50 %') && moved.resolve(), 5);
    await terminal.step('Learns', async (step) => {
      step.say('line 1');
      step.progress(0.5, 'loss 0.3');
      await moved.promise;
      step.say('line 2');
      step.result('done');
    });
    clearInterval(poll);
    expect(stripVTControlCharacters(written())).toMatch(/Learns +█{12}░{12} {2}50 % {2}loss 0\.3/);
    expect(seen(written())).toMatch(/^ {5}line 1\n {5}line 2\n ✔ Learns +\d+\.\d s {2}done\n$/);
  });

  test('a line that would not fit is cut', async () => {
    const { stream, written } = screen(30);
    const shown = Promise.withResolvers<void>();
    const poll = setInterval(() => written().includes('Learns') && shown.resolve(), 5);
    await new Terminal(stream).step('Learns', () => shown.promise);
    clearInterval(poll);
    const moving = written().split(CLEAR).slice(0, -1);
    expect(Math.max(...moving.map((line) => line.length))).toBeLessThan(30);
  });
});

describe('without one', () => {
  test('there are plain lines only, each when it is so', async () => {
    const { stream, written } = screen();
    const terminal = new Terminal(stream);
    await terminal.step('Learns', async (step) => {
      step.progress(0.5, 'loss 0.3');
      step.say('line 1');
      expect(written()).toBe('     line 1\n');
      step.result('done');
    });
    expect(written()).toMatch(/^ {5}line 1\n ✔ Learns +\d+\.\d s {2}done\n$/);
  });

  test('a step that fails is told as one, and what it fails with goes on', async () => {
    const { stream, written } = screen();
    await expect(new Terminal(stream).step('Learns', () => Promise.reject(new Error('no data')))).rejects.toThrow('no data');
    expect(written()).toMatch(/^ ✘ Learns /);
  });

  test('the columns of a table are as wide as they have to be', () => {
    const { stream, written } = screen();
    new Terminal(stream).table(['digit', 'truth'], [['#1', '7'], ['#10000', '2']]);
    expect(written()).toBe('   digit    truth\n   #1       7\n   #10000   2\n');
  });
});
