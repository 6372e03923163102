import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { GraphiqlFetcher } from '../../gateway/src/playground/page/fetcher.js';
import type { Session } from '../../gateway/src/playground/page/session.js';

// What answers to the editor's operations mean for whoever is logged in on the page.

const alice = { ticket: 'ticket of alice', username: 'alice', expiresAt: new Date(Date.now() + 3_600_000).toISOString() };

let session: Session;
let run: GraphiqlFetcher;
/** Answers what the page has sent, as soon as it has. */
let sent: Promise<(status: number, body: object) => void>;
beforeEach(async () => {
  vi.stubGlobal('sessionStorage', { getItem: () => null, setItem: () => undefined, removeItem: () => undefined });
  const sending = Promise.withResolvers<Awaited<typeof sent>>();
  sent = sending.promise;
  vi.stubGlobal('fetch', () => new Promise((resolve) => sending.resolve((status, body) => resolve({ status, json: () => Promise.resolve(body) }))));
  const page = await Promise.all([import('../../gateway/src/playground/page/session.js'), import('../../gateway/src/playground/page/fetcher.js'), import('../../gateway/src/playground/page/answers.js')]);
  const [{ Session }, { fetcherOf }, { Answers }] = page;
  session = new Session();
  session.begin(alice);
  run = fetcherOf({ session, answers: new Answers(), live: undefined as never });
});
afterEach(() => {
  session.end('left');
  vi.unstubAllGlobals();
});

/** Runs an operation, which is answered once `meanwhile` is over. */
async function ask(status: number, body: object, { headers = {}, meanwhile = () => {} }: { headers?: Record<string, string>; meanwhile?: () => void } = {}): Promise<void> {
  const answered = run({ query: 'mutation { logOut }' }, { headers });
  const answer = await sent;
  meanwhile();
  answer(status, body);
  await answered;
}

test('an operation that logs out does so for the page', async () => {
  await ask(200, { data: { logOut: true } });
  expect([session.current, session.logout]).toEqual([undefined, 'left']);
});

test('a ticket that is refused ends the session', async () => {
  await ask(401, { errors: [] });
  expect([session.current, session.logout]).toEqual([undefined, 'ended']);
});

test.each([
  ['logs out', 200, { data: { logOut: true } }],
  ['is refused', 401, { errors: [] }],
])('an operation with a credential of its own that %s leaves the page logged in', async (_what, status, body) => {
  await ask(status, body, { headers: { Authorization: 'Bearer another' } });
  expect(session.current).toEqual(alice);
});

test('the refusal of a ticket that was replaced meanwhile leaves the page logged in', async () => {
  const renewed = { ...alice, ticket: 'a new ticket' };
  await ask(401, { errors: [] }, { meanwhile: () => session.begin(renewed) });
  expect(session.current).toEqual(renewed);
});
