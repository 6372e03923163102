import { expect, test } from 'vitest';
import { AnswerMemory } from './answer.memory.js';

const memory = (): AnswerMemory => new AnswerMemory();

test('what was given back is used for the next answer of about that size', () => {
  const answers = memory();
  const first = answers.take(90_000);
  expect(first.length).toBe(90_000);
  answers.giveBack(first);
  expect(answers.bytes).toBeGreaterThanOrEqual(90_000);
  const next = answers.take(85_000);
  expect(next.length).toBe(85_000);
  expect(next.buffer).toBe(first.buffer);
  expect(answers.bytes).toBe(0);
});

test('two answers never have the same memory at once', () => {
  const answers = memory();
  const first = answers.take(10_000);
  answers.giveBack(first);
  const buffers = Array.from({ length: 20 }, () => answers.take(10_000).buffer);
  expect(new Set(buffers).size).toBe(20);
});

test('an answer of any length has room', () => {
  const answers = memory();
  for (let length = 0; length < 3_000_000; length = length * 1.3 + 1) {
    for (const bytes of [Math.floor(length), 2 ** Math.floor(Math.log2(length + 1))]) {
      const answer = answers.take(bytes);
      expect(answer.length).toBe(bytes);
      expect(answer.buffer.byteLength).toBeLessThanOrEqual(Math.max(bytes * 1.51, 4_096));
      answers.giveBack(answer);
    }
  }
});

test('what waits to be used is bounded, however many answers there were at once', () => {
  const answers = memory();
  const many = Array.from({ length: 500 }, () => answers.take(90_000));
  for (const answer of many) answers.giveBack(answer);
  expect(answers.bytes).toBeLessThanOrEqual(8_388_608);
  expect(answers.bytes).toBeGreaterThan(0);
});

test('what is too small or too large to be kept is left to the garbage collection', () => {
  const answers = memory();
  for (const length of [0, 100, 4_095, 1_048_577]) answers.giveBack(answers.take(length));
  expect(answers.bytes).toBe(0);
});
