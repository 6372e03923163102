import { expect, test } from 'vitest';
import { Cancellation } from '../timing/cancellation.js';
import { SharedQueries } from './shared-queries.js';

/** Work that ends when it is told to, or with a partial result when it is given up. */
function work() {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  let begun = 0;
  let cancellation: Cancellation | undefined;
  const run = (given: Cancellation): Promise<string> => {
    begun += 1;
    cancellation = given;
    given.add({ cancelled: (reason) => resolve(`partial, as ${(reason as Error).message}`) });
    return promise;
  };
  return { run, resolve, reject, begun: () => begun, isGivenUp: () => cancellation?.isCancelled };
}

test('equal keys share one piece of work, and others have their own', async () => {
  const queries = new SharedQueries<string>();
  const [one, other] = [work(), work()];
  const answers = [queries.run(['a'], new Cancellation(), one.run), queries.run(['a'], new Cancellation(), other.run), queries.run(['b'], new Cancellation(), other.run)];
  one.resolve('one');
  other.resolve('other');
  expect(await Promise.all(answers)).toEqual(['one', 'one', 'other']);
  expect([one.begun(), other.begun()]).toEqual([1, 1]);
  const third = work();
  third.resolve('third');
  expect(await queries.run(['a'], new Cancellation(), third.run)).toBe('third');
});

test('what has failed is told to all, and not kept', async () => {
  const queries = new SharedQueries<string>();
  const failing = work();
  const answers = [queries.run(['a'], new Cancellation(), failing.run), queries.run(['a'], new Cancellation(), failing.run)];
  failing.reject(new Error('lost'));
  for (const { status } of await Promise.allSettled(answers)) expect(status).toBe('rejected');
  const again = work();
  again.resolve('found');
  expect(await queries.run(['a'], new Cancellation(), again.run)).toBe('found');
});

test('what begins after a change shares nothing with what began before it', async () => {
  const queries = new SharedQueries<string>();
  const [before, after] = [work(), work()];
  const old = queries.run(['a'], new Cancellation(), before.run);
  queries.changed();
  const answers = [queries.run(['a'], new Cancellation(), after.run), queries.run(['a'], new Cancellation(), after.run)];
  before.resolve('old');
  expect(await old).toBe('old');
  // The end of the older one makes nobody forget the newer.
  const late = queries.run(['a'], new Cancellation(), work().run);
  after.resolve('new');
  expect(await Promise.all([...answers, late])).toEqual(['new', 'new', 'new']);
});

test.each([
  [false, new Error('late')],
  [true, 'partial, as late'],
])('who gives up first gets its reason; who gives up last ends the work, and (where the last is answered: %s) gets its reason or what became of that', async (lastIsAnswered, expected) => {
  const queries = new SharedQueries<string>({ lastIsAnswered });
  const given = work();
  const [one, other] = [new Cancellation(), new Cancellation()];
  const answers = [queries.run(['a'], one, given.run), queries.run(['a'], other, given.run)].map((answer) => answer.catch((error: unknown) => error));
  one.cancel(new Error('early'));
  expect(await answers[0]).toEqual(new Error('early'));
  expect(given.isGivenUp()).toBe(false);
  other.cancel(new Error('late'));
  expect(given.isGivenUp()).toBe(true);
  expect(await answers[1]).toEqual(expected);
  await expect(queries.run(['a'], one, given.run)).rejects.toThrow('early');
});

test('queries that differ in one character of a long text anywhere, or in another text, are not one', async () => {
  const queries = new SharedQueries<string>();
  const long = 'x'.repeat(2_000);
  const texts = Array.from({ length: 40 }, (_, n) => `${long.slice(0, n * 50)}y${long.slice(n * 50 + 1)}`);
  const keys = [...texts.map((text) => [text, 'a'] as const), ...texts.map((text) => [text, 'b'] as const), ...texts.map((text) => [text] as const)];
  const works = keys.map(() => work());
  const answers = keys.map((key, n) => queries.run(key, new Cancellation(), works[n]!.run));
  for (const [n, { resolve }] of works.entries()) resolve(String(n));
  expect(await Promise.all(answers)).toEqual(keys.map((_, n) => String(n)));
});

test('many that differ in a number alone are under way at once, each of them shared', async () => {
  const queries = new SharedQueries<string>();
  const numbers = Array.from({ length: 100 }, (_, n) => n);
  const works = numbers.map(() => work());
  const ask = (number: number) => queries.run(['{}', 'somebody', number, 'client'], new Cancellation(), works[number]!.run);
  const answers = [...numbers.map(ask), ...numbers.map(ask)];
  for (const [n, { resolve }] of works.entries()) resolve(String(n));
  expect(await Promise.all(answers)).toEqual([...numbers, ...numbers].map(String));
  expect(works.map(({ begun }) => begun())).toEqual(numbers.map(() => 1));
});

test('it is told of a result that several are given, before any of them is', async () => {
  const told: string[] = [];
  const queries = new SharedQueries<string>({ shared: (result) => told.push(`shared ${result}`) });
  const gone = new Cancellation();
  const [alone, shared, left] = [work(), work(), work()];
  const answers = [queries.run(['a'], new Cancellation(), alone.run), queries.run(['b'], new Cancellation(), shared.run), queries.run(['b'], new Cancellation(), shared.run), queries.run(['c'], new Cancellation(), left.run)];
  const given = queries.run(['c'], gone, left.run).catch(() => 'nothing');
  for (const answer of answers) void answer.then((result) => told.push(`given ${result}`));
  gone.cancel(new Error('gone'));
  alone.resolve('alone');
  shared.resolve('twice');
  left.resolve('left');
  await Promise.all([...answers, given]);
  expect(told.filter((what) => what.startsWith('shared'))).toEqual(['shared twice']);
  expect(told.indexOf('shared twice')).toBeLessThan(told.indexOf('given twice'));
});
