import { expect, test } from 'vitest';
import { BufferPool } from './buffer-pool.js';

test('what was given back is used for the next body of about that size', () => {
  const pool = new BufferPool();
  const first = pool.take(90_000);
  expect(first.length).toBe(90_000);
  pool.giveBack(first.subarray(10, 20));
  expect(pool.bytes).toBeGreaterThanOrEqual(90_000);
  const next = pool.take(85_000);
  expect(next.length).toBe(85_000);
  expect(next.buffer).toBe(first.buffer);
  expect(pool.bytes).toBe(0);
});

test('two bodies never have the same memory at once', () => {
  const pool = new BufferPool();
  const first = pool.take(10_000);
  pool.giveBack(first);
  const buffers = Array.from({ length: 20 }, () => pool.take(10_000).buffer);
  expect(new Set(buffers).size).toBe(20);
});

test('a body of any length has room', () => {
  const pool = new BufferPool();
  for (let length = 0; length < 3_000_000; length = length * 1.3 + 1) {
    for (const bytes of [Math.floor(length), 2 ** Math.floor(Math.log2(length + 1))]) {
      const body = pool.take(bytes);
      expect(body.length).toBe(bytes);
      expect(body.buffer.byteLength).toBeLessThanOrEqual(Math.max(bytes * 1.51, 256));
      pool.giveBack(body);
    }
  }
});

test('what waits to be used is bounded, however many bodies there were at once', () => {
  const pool = new BufferPool();
  const many = Array.from({ length: 500 }, () => pool.take(90_000));
  for (const body of many) pool.giveBack(body);
  expect(pool.bytes).toBeLessThanOrEqual(16_777_216);
  expect(pool.bytes).toBeGreaterThan(0);
});

test('what is too large to be kept, and what is not of the pool, is left to the garbage collection', () => {
  const pool = new BufferPool();
  // The second is as large as Node.js makes the memory that its own small buffers share.
  for (const bytes of [pool.take(1_048_577), Buffer.allocUnsafeSlow(8_192), Buffer.from('a piece of what is shared'), Buffer.alloc(0)]) pool.giveBack(bytes);
  expect(pool.bytes).toBe(0);
});
