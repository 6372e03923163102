import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Actor, actor, admin, logIn, stranger } from '../testkit/actor.js';
import { sendAs } from '../testkit/http.js';
import { ADMIN_PASSWORD, startPlatform, type Platform } from '../testkit/platform.js';
import { publicGraph, rootFields, sampleVariables } from '../testkit/public-graph.js';

// Who sees and changes what, and what is remembered of it.

/** Open to everybody by what their descriptions say: the rest of the graph is for those who have logged in. */
const OPEN = ['me', 'logIn'];
const ADMINS_ONLY = ['users', 'auditLog', 'createUser', 'updateUser', 'deleteUser', 'saveMachines', 'grantMachine', 'nameCode', 'saveProvider'];
const PROVIDERS_ONLY = ['registerComputingIdentifiers', 'reportComputingResources', 'providers'];

let platform: Platform;
let root: Actor;
let alice: Actor;
let bob: Actor;
beforeAll(async () => {
  platform = await startPlatform({ environment: { LOG_LEVEL: 'trace' } });
  root = await admin(platform);
  alice = await actor(root, 'alice');
  bob = await actor(root, 'bob');
});
afterAll(() => platform?.dispose());

const codesOf = async (user: Actor, query: string, variables: Record<string, unknown> = {}) => (await user.graph(query, variables)).errors.map(({ extensions }) => extensions.code);

describe('of the root fields of the public graph', () => {
  test('every one but the open ones refuses a stranger', async () => {
    const fields = rootFields(await publicGraph(root));
    expect(fields.map(({ name }) => name)).toEqual(expect.arrayContaining([...OPEN, ...ADMINS_ONLY, ...PROVIDERS_ONLY]));
    const answers = await Promise.all(fields.map(async (field) => ({ name: field.name, codes: await codesOf(stranger(platform), field.document, sampleVariables(field)) })));
    expect(answers.filter(({ name, codes }) => !OPEN.includes(name) && codes.join() !== 'UNAUTHENTICATED')).toEqual([]);
    expect(answers.filter(({ name, codes }) => OPEN.includes(name) && codes.includes('UNAUTHENTICATED'))).toEqual([]);
  });

  test('every one refuses a credential that is none, the open ones too', async () => {
    const nobody = new Actor(platform, 'nobody', 'ht_never-issued');
    for (const field of rootFields(await publicGraph(root))) expect((await codesOf(nobody, field.document, sampleVariables(field)))[0], field.name).toBe('UNAUTHENTICATED');
  });

  test.each([...ADMINS_ONLY, ...PROVIDERS_ONLY])('%s refuses a member', async (name) => {
    const field = rootFields(await publicGraph(root)).find((known) => known.name === name)!;
    expect(await codesOf(alice, field.document, sampleVariables(field))).toEqual(['FORBIDDEN']);
  });

  test('none answers what is for peers, nor entities by representation', async () => {
    const { __schema } = await root.ask('{ __schema { queryType { fields { name } } mutationType { fields { name } } subscriptionType { fields { name } } types { name } } }');
    const names = [__schema.queryType, __schema.mutationType, __schema.subscriptionType].flatMap((type) => (type?.fields ?? []).map(({ name }: { name: string }) => name));
    for (const hidden of ['resolveCredential', 'recordAudit', 'reserveComputingResource', 'confirmReservation', 'releaseReservation', 'credentialRevoked', '_entities', '_service']) expect(names).not.toContain(hidden);
    expect(__schema.types.map(({ name }: { name: string }) => name)).not.toContain('Credential');
    for (const query of ['{ resolveCredential(credential: "x") { userId } }', 'mutation { releaseReservation(key: "x") }', '{ _service { sdl } }']) {
      expect(await codesOf(root, query)).toEqual(['GRAPHQL_VALIDATION_FAILED']);
    }
  });
});

describe('a member', () => {
  test('sees and changes their own tasks and nobody else’s', async () => {
    const { submitTask } = await alice.ask('mutation { submitTask(input: { template: { secret: "of alice" } }) { id } }');
    const id = submitTask.id as string;
    const TASK = 'query ($id: ID!) { task(id: $id) { id template } }';
    expect((await alice.ask(TASK, { id })).task).toMatchObject({ id });
    expect((await root.ask(TASK, { id })).task).toMatchObject({ id });
    const asBob = await bob.graph(TASK, { id });
    expect(asBob.data?.task ?? null).toBeNull();
    expect(asBob.errors.map(({ extensions }) => extensions.code).join()).toMatch(/^(TASK_NOT_FOUND)?$/);
    const ids = async (user: Actor) => (await user.ask('{ tasks(first: 100) { totalCount nodes { id } } }')).tasks.nodes.map((node: { id: string }) => node.id);
    expect(await ids(alice)).toContain(id);
    expect(await ids(root)).toContain(id);
    expect(await ids(bob)).toEqual([]);
    expect(await codesOf(bob, 'mutation ($id: ID!) { releaseTask(id: $id) { id } }', { id })).toEqual(['TASK_NOT_FOUND']);
    expect(await codesOf(bob, 'mutation ($input: ChooseTaskPathInput!) { chooseTaskPath(input: $input) { id } }', { input: { taskId: id, computingResourceId: '1', accept: false } })).toEqual(['TASK_NOT_FOUND']);
    expect((await bob.interconnect('POST', 'task_path/', { task_id: Number(id), computing_resource_id: 1, result: false })).body).toMatchObject({ code: 404, data: {} });
  });

  test('sees the machines granted to them, one by one as in the list', async () => {
    await root.ask('mutation ($input: SaveMachinesInput!) { saveMachines(input: $input) { id } }', {
      input: { machines: [1, 2, 3].map((n) => ({ id: String(n), cpus: n, status: 'RUNNING', memoryBytes: 1, gpu: '', ip: `10.0.0.${n}` })) },
    });
    const GRANT = 'mutation ($input: GrantMachineInput!) { grantMachine(input: $input) { id } }';
    await root.ask(GRANT, { input: { machineId: '1', userId: alice.userId } });
    await root.ask(GRANT, { input: { machineId: '2', everyone: true } });
    const listed = async (user: Actor) => (await user.ask('{ machines { totalCount nodes { id } } }')).machines;
    const single = async (user: Actor) => {
      const found = await Promise.all(['1', '2', '3', '4'].map(async (id) => (await user.graph('query ($id: ID!) { machine(id: $id) { id } }', { id })).data?.machine?.id as string | undefined));
      return found.filter((id) => id !== undefined);
    };
    for (const [user, ids] of [[alice, ['1', '2']], [bob, ['2']], [root, ['1', '2', '3']]] as const) {
      expect(await listed(user)).toEqual({ totalCount: ids.length, nodes: ids.map((id) => ({ id })) });
      expect(await single(user)).toEqual(ids);
      expect((await user.simpleServer('GET', 'info')).body.data.map(({ id }: { id: number }) => String(id))).toEqual(ids);
    }
  });

  test('has API tokens of their own, which nobody else lists or ends', async () => {
    const { createApiToken } = await alice.ask('mutation { createApiToken(input: { name: "mine", scopes: ["all"] }) { apiToken { id } } }');
    expect((await bob.ask('{ apiTokens { id } }')).apiTokens).toEqual([]);
    expect(await codesOf(bob, 'mutation ($id: ID!) { revokeApiToken(id: $id) }', { id: createApiToken.apiToken.id })).toEqual(['NOT_FOUND']);
    expect((await alice.ask('{ apiTokens { name } }')).apiTokens).toEqual([{ name: 'mine' }]);
  });

  test('changes their own password with the present one, and nobody else’s', async () => {
    const CHANGE = 'mutation ($input: ChangePasswordInput!) { changePassword(input: $input) }';
    expect(await codesOf(bob, CHANGE, { input: { userId: alice.userId, new: 'taken over 123' } })).toEqual(['FORBIDDEN']);
    expect(await codesOf(bob, CHANGE, { input: { current: 'wrong', new: 'another one 123' } })).toEqual(['WRONG_CREDENTIALS']);
    expect(await codesOf(bob, CHANGE, { input: { current: "bob's own password 1", new: 'bob' } })).toEqual(['WEAK_PASSWORD']);
    expect(await codesOf(bob, CHANGE, { input: { current: "bob's own password 1", new: 'another one 123' } })).toEqual([]);
    await logIn(platform, 'bob', 'another one 123');
  });
});

test('the last admin cannot be disabled, deleted or lose the role', async () => {
  expect(await codesOf(root, 'mutation ($id: ID!) { deleteUser(id: $id) }', { id: root.userId })).toEqual(['LAST_ADMIN']);
  expect(await codesOf(root, 'mutation ($id: ID!) { updateUser(input: { id: $id, disabled: true }) { id } }', { id: root.userId })).toEqual(['LAST_ADMIN']);
  expect(await codesOf(root, 'mutation ($id: ID!) { updateUser(input: { id: $id, roles: [MEMBER] }) { id } }', { id: root.userId })).toEqual(['LAST_ADMIN']);
});

describe('the audit log', () => {
  const PASSWORD = 'the very secret password of grace 8';
  const WEBHOOK_SECRET = 'what webhooks are signed with 9';
  const entries = async (filter: Record<string, unknown>) =>
    (await root.ask('query ($actor: ID, $action: String) { auditLog(actor: $actor, action: $action, first: 100) { nodes { at action subject requestId outcome actor { username } } } }', filter)).auditLog.nodes as Record<string, unknown>[];

  test('tells who did what on which thing, under which request, with what outcome', async () => {
    const answer = await sendAs(root, {
      method: 'POST',
      path: '/graphql',
      body: { query: 'mutation ($input: CreateUserInput!) { createUser(input: $input) { id } }', variables: { input: { username: 'grace', password: PASSWORD } } },
      headers: { 'x-request-id': 'audit-me-1' },
    });
    const { id } = answer.json.data.createUser;
    expect((await entries({ action: 'createUser' }))[0]).toMatchObject({ action: 'createUser', subject: `User:${id}`, requestId: 'audit-me-1', outcome: 'ok', actor: { username: 'admin' } });
    await alice.graph('mutation ($id: ID!) { deleteUser(id: $id) }', { id });
    expect((await entries({ actor: alice.userId, action: 'deleteUser' }))[0]).toMatchObject({ subject: id, outcome: 'FORBIDDEN', actor: { username: 'alice' } });
    await sendAs(alice, { method: 'POST', path: '/api/v1/task_path/', body: { task_id: 7_777, computing_resource_id: 1, result: true }, headers: { 'x-request-id': 'audit-me-2' } });
    expect((await entries({ actor: alice.userId, action: 'chooseTaskPath' }))[0]).toMatchObject({ requestId: 'audit-me-2', subject: '7777', outcome: 'TASK_NOT_FOUND' });
    await stranger(platform).simpleServer('POST', 'ticket', { username: 'grace', password: 'not it' });
    expect((await entries({ action: 'logIn' }))[0]).toMatchObject({ outcome: 'WRONG_CREDENTIALS', actor: null });
  });

  test('holds no secret, nor does any other table, nor what the process has printed', async () => {
    const grace = await logIn(platform, 'grace', PASSWORD);
    const { createApiToken } = await grace.ask('mutation { createApiToken(input: { name: "t", scopes: ["all"] }) { token } }');
    const session = (await stranger(platform).simpleServer('POST', 'ticket', { username: 'grace', password: PASSWORD })).body.data;
    await root.ask('mutation ($input: SaveProviderInput!) { saveProvider(input: $input) { webhookUrl } }', {
      input: { organization: '20004', webhookUrl: 'https://provider.example/allocate', webhookSecret: WEBHOOK_SECRET },
    });
    const secrets: string[] = [PASSWORD, WEBHOOK_SECRET, ADMIN_PASSWORD, "alice's own password 1", grace.credential!, root.credential!, createApiToken.token, session.ticket, session.CSRFPreventionToken];
    const everything = await allRows(platform.databaseUrl!);
    expect(everything).toContain('grace');
    expect(secrets.filter((secret) => everything.includes(secret))).toEqual([]);
    const printed = platform.output();
    expect(secrets.filter((secret) => printed.includes(secret))).toEqual([]);
    const passwords = /scrypt\S*|\$argon2\S*/g;
    expect(new Set(everything.match(passwords)).size, 'every password has a salt of its own').toBeGreaterThanOrEqual(4);
  });
});

/** Every row of every table, as text. */
async function allRows(databaseUrl: string): Promise<string> {
  const client = new Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    const { rows: tables } = await client.query<{ name: string }>(`select format('%I.%I', schemaname, tablename) as name from pg_tables where schemaname not in ('pg_catalog', 'information_schema')`);
    const texts: string[] = [];
    for (const { name } of tables) texts.push(...(await client.query<{ row: string }>(`select stored::text as row from ${name} stored`)).rows.map(({ row }) => row));
    return texts.join('\n');
  } finally {
    await client.end();
  }
}
