import { EventQueue } from '@hutong/common';
import type { ExecutionResult } from 'graphql';
import { expect, test } from 'vitest';
import { SharedStreams } from './shared-streams.js';

const PAGE = { data: { log: { text: 'done', complete: true } } };

async function readers(count: number) {
  const source = new EventQueue<ExecutionResult>(10, () => undefined);
  const streams = new SharedStreams();
  const read = Array.from({ length: count }, async () => {
    const results = await streams.read('log', () => Promise.resolve(source));
    if (!(Symbol.asyncIterator in results)) throw new Error('refused');
    return results;
  });
  return { source, streams, results: await Promise.all(read) };
}

test('readers of a stream that has told all end with it, and it is forgotten', async () => {
  const { source, streams, results } = await readers(2);
  source.push(PAGE);
  source.finish();
  for (const each of results) {
    expect(await each.next()).toEqual({ done: false, value: PAGE });
    expect(await each.next()).toEqual({ done: true, value: undefined });
  }
  expect(streams.size).toBe(0);
});

test('readers of a stream that breaks down are told so after what came before, and nothing of the inside', async () => {
  const { source, results } = await readers(2);
  source.push(PAGE);
  source.fail(new Error('password: swordfish'));
  for (const each of results) {
    expect(await each.next()).toEqual({ done: false, value: PAGE });
    await expect(each.next()).rejects.toMatchObject({ message: expect.not.stringContaining('swordfish'), extensions: { code: 'SUBGRAPH_UNAVAILABLE' } });
  }
});
