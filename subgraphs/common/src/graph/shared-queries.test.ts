import { expect, test } from 'vitest';
import { SharedQueries } from './shared-queries.js';

const signalOf = () => new AbortController();

/** Work that ends when it is told to, or with a partial result when it is given up. */
function work() {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  let begun = 0;
  let signal: AbortSignal | undefined;
  const run = (given: AbortSignal): Promise<string> => {
    begun += 1;
    signal = given;
    given.addEventListener('abort', () => resolve(`partial, as ${(given.reason as Error).message}`));
    return promise;
  };
  return { run, resolve, reject, begun: () => begun, isGivenUp: () => signal?.aborted };
}

test('equal keys share one piece of work, and others have their own', async () => {
  const queries = new SharedQueries<string>();
  const [one, other] = [work(), work()];
  const answers = [queries.run('a', signalOf().signal, one.run), queries.run('a', signalOf().signal, other.run), queries.run('b', signalOf().signal, other.run)];
  one.resolve('one');
  other.resolve('other');
  expect(await Promise.all(answers)).toEqual(['one', 'one', 'other']);
  expect([one.begun(), other.begun()]).toEqual([1, 1]);
  const third = work();
  third.resolve('third');
  expect(await queries.run('a', signalOf().signal, third.run)).toBe('third');
});

test('what has failed is told to all, and not kept', async () => {
  const queries = new SharedQueries<string>();
  const failing = work();
  const answers = [queries.run('a', signalOf().signal, failing.run), queries.run('a', signalOf().signal, failing.run)];
  failing.reject(new Error('lost'));
  for (const { status } of await Promise.allSettled(answers)) expect(status).toBe('rejected');
  const again = work();
  again.resolve('found');
  expect(await queries.run('a', signalOf().signal, again.run)).toBe('found');
});

test('what begins after a change shares nothing with what began before it', async () => {
  const queries = new SharedQueries<string>();
  const [before, after] = [work(), work()];
  const old = queries.run('a', signalOf().signal, before.run);
  queries.changed();
  const answers = [queries.run('a', signalOf().signal, after.run), queries.run('a', signalOf().signal, after.run)];
  before.resolve('old');
  expect(await old).toBe('old');
  // The end of the older one makes nobody forget the newer.
  const late = queries.run('a', signalOf().signal, work().run);
  after.resolve('new');
  expect(await Promise.all([...answers, late])).toEqual(['new', 'new', 'new']);
});

test.each([
  [false, new Error('late')],
  [true, 'partial, as late'],
])('who gives up first gets its reason; who gives up last ends the work, and (where the last is answered: %s) gets its reason or what became of that', async (lastIsAnswered, expected) => {
  const queries = new SharedQueries<string>({ lastIsAnswered });
  const given = work();
  const [one, other] = [signalOf(), signalOf()];
  const answers = [queries.run('a', one.signal, given.run), queries.run('a', other.signal, given.run)].map((answer) => answer.catch((error: unknown) => error));
  one.abort(new Error('early'));
  expect(await answers[0]).toEqual(new Error('early'));
  expect(given.isGivenUp()).toBe(false);
  other.abort(new Error('late'));
  expect(given.isGivenUp()).toBe(true);
  expect(await answers[1]).toEqual(expected);
  await expect(queries.run('a', one.signal, given.run)).rejects.toThrow('early');
});
