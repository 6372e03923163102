import { afterAll, beforeAll, expect, test } from 'vitest';
import { machinesUnderTest, root, type MachinesUnderTest } from '../testkit/machines.kit.js';

const RECORD = 'mutation ($input: RecordAuditInput!) { recordAudit(input: $input) }';
const LOG = `query ($actor: ID, $action: String, $first: Int, $after: String) {
  auditLog(actor: $actor, action: $action, first: $first, after: $after) {
    totalCount nodes { id at action subject requestId outcome actor { username } } pageInfo { hasNextPage endCursor }
  }
}`;

let machines: MachinesUnderTest;
beforeAll(async () => {
  machines = await machinesUnderTest();
});
afterAll(() => machines.stop());

const record = (input: object) =>
  machines.did(RECORD, { origin: 'peer', variables: { input: { action: 'submitTask', requestId: 'r-1', outcome: 'ok', at: '2026-03-01T08:00:00Z', ...input } } });
const log = async (variables: Record<string, unknown> = {}) => (await machines.did(LOG, { as: root, variables })).auditLog;

test('a record of another subgraph is kept and shown with its actor', async () => {
  const ann = await machines.actor('ann');
  await record({ actorId: ann.id, subject: 'Task:7', requestId: 'r-互通' });
  expect((await log({ actor: ann.id })).nodes).toMatchObject([
    { at: '2026-03-01T08:00:00.000Z', action: 'submitTask', subject: 'Task:7', requestId: 'r-互通', outcome: 'ok', actor: { username: 'ann' } },
  ]);
});

test('somebody without a credential is nobody, and a deleted user still has a name', async () => {
  const bob = await machines.actor('bob');
  await record({ actorId: bob.id, action: 'farewell' });
  await record({ actorId: null, action: 'logIn', outcome: 'WRONG_CREDENTIALS' });
  await machines.did('mutation ($id: ID!) { deleteUser(id: $id) }', { as: root, variables: { id: bob.id } });
  expect((await log({ action: 'farewell' })).nodes[0].actor).toEqual({ username: 'bob' });
  expect((await log({ action: 'logIn' })).nodes[0]).toMatchObject({ actor: null, outcome: 'WRONG_CREDENTIALS' });
});

test('the newest comes first, a page at a time', async () => {
  for (let n = 0; n < 7; n += 1) await record({ action: 'paged', subject: String(n) });
  const subjects: string[] = [];
  let after: string | null = null;
  do {
    const page = (await log({ action: 'paged', first: 3, after })) as { totalCount: number; nodes: { subject: string }[]; pageInfo: { hasNextPage: boolean; endCursor: string } };
    expect(page.totalCount).toBe(7);
    subjects.push(...page.nodes.map(({ subject }) => subject));
    after = page.pageInfo.hasNextPage ? page.pageInfo.endCursor : null;
  } while (after);
  expect(subjects).toEqual(['6', '5', '4', '3', '2', '1', '0']);
});

test('no text is too strange to be kept', async () => {
  await record({ action: 'strange', subject: `nul\u0000 half\ud800 ${'x'.repeat(10_000)}`, actorId: 'no user at all' });
  const [entry] = (await log({ action: 'strange' })).nodes;
  expect(entry.actor).toBeNull();
  expect(entry.subject).toMatch(/^nul\uFFFD half\uFFFD x+…$/);
});

test('what comes at the same time is all kept, each once', async () => {
  const subjects = Array.from({ length: 100 }, (_, place) => `crowd ${place}`);
  await Promise.all(subjects.map((subject) => record({ action: 'crowded', subject, actorId: subject.endsWith('7') ? 'no user at all' : null })));
  const { nodes } = await log({ action: 'crowded', first: 100 });
  expect((nodes as { subject: string }[]).map(({ subject }) => subject).toSorted()).toEqual(subjects.toSorted());
});

test('only an admin reads the log, and only a peer writes it', async () => {
  const eve = await machines.actor('eve');
  expect((await machines.failure(LOG, { as: eve.caller })).extensions.code).toBe('FORBIDDEN');
  expect((await machines.failure(RECORD, { as: root, variables: { input: { action: 'x', requestId: 'x', outcome: 'ok', at: '2026-03-01T08:00:00Z' } } })).extensions.code).toBe('FORBIDDEN');
});

test('an actor or a cursor that cannot be finds nothing or is refused', async () => {
  expect(await log({ actor: 'nobody' })).toMatchObject({ nodes: [], totalCount: 0 });
  expect((await machines.failure(LOG, { as: root, variables: { after: 'rubbish' } })).extensions).toMatchObject({ code: 'BAD_INPUT', field: 'after' });
});

test('this subgraph’s own mutations are recorded with what they acted on, and never with a secret', async () => {
  const finn = await machines.actor('finn');
  await machines.ask('mutation ($input: CreateApiTokenInput!) { createApiToken(input: $input) { token } }', { as: finn.caller, variables: { input: { name: 'n', scopes: ['all'] } } });
  const about = machines.audited.filter(({ subject, actorId }) => actorId === finn.id || subject === `User:${finn.id}` || subject === 'finn');
  expect(about.map(({ action, outcome }) => [action, outcome])).toEqual([['createUser', 'ok'], ['logIn', 'ok'], ['createApiToken', 'ok']]);
  expect(about.at(-1)!.subject).toMatch(/^CreatedApiToken:[0-9a-f-]{36}$/);
  expect(JSON.stringify(machines.audited)).not.toMatch(/password of|ht_|hut_/);
});
