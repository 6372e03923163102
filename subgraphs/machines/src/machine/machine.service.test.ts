import { afterAll, beforeAll, expect, test } from 'vitest';
import { machinesUnderTest, root, type Actor, type MachinesUnderTest } from '../testkit/machines.kit.js';

const FIELDS = 'id name cpus status memoryBytes gpu ip maxDiskBytes attributes';
const SAVE = `mutation ($input: SaveMachinesInput!) { saveMachines(input: $input) { ${FIELDS} } }`;
const GRANT = 'mutation ($input: GrantMachineInput!) { grantMachine(input: $input) { id } }';
const LIST = `query ($filter: MachineFilter, $first: Int, $after: String, $offset: Int) {
  machines(filter: $filter, first: $first, after: $after, offset: $offset) { totalCount nodes { ${FIELDS} } pageInfo { hasNextPage hasPreviousPage endCursor } }
}`;

/** As much of a connection pool as is watched here. */
interface Pool {
  on(event: 'acquire', listener: (client: { query(...args: unknown[]): unknown }) => void): void;
  off(event: 'acquire', listener: (client: { query(...args: unknown[]): unknown }) => void): void;
}

let machines: MachinesUnderTest;
let ann: Actor;
let ben: Actor;
beforeAll(async () => {
  machines = await machinesUnderTest();
  [ann, ben] = [await machines.actor('ann'), await machines.actor('ben')];
});
afterAll(() => machines.stop());

const machine = (id: number, more: object = {}) => ({ id: String(id), cpus: 32, status: 'RUNNING', memoryBytes: 11_591_667_560, gpu: 'NVIDIA RTX4090', ip: '192.168.1.100', ...more });
const save = (...list: object[]) => machines.ask(SAVE, { as: root, variables: { input: { machines: list } } });
const grant = (input: object) => machines.did(GRANT, { as: root, variables: { input } });
const visibleTo = async (actor: Actor) => (await machines.did(LIST, { as: actor.caller, variables: { first: 100 } })).machines.nodes.map(({ id }: { id: string }) => Number(id));
const revision = () => machines.revisions.of('inventory');

test('a saved machine comes back as it was sent, other fields in their order', async () => {
  const sent = machine(100, {
    name: 'Aimlab001 互通 😀 <b>',
    maxDiskBytes: Number.MAX_SAFE_INTEGER,
    memoryBytes: 0,
    attributes: { zone: 'b', rack: { u: [3, 2, 1], b: null, a: 'x' }, alpha: 1.5, empty: {} },
  });
  const { data } = await save(sent);
  expect(data.saveMachines).toEqual([sent]);
  expect(Object.keys(data.saveMachines[0].attributes)).toEqual(['zone', 'rack', 'alpha', 'empty']);
  expect((await machines.did(`{ machine(id: 100) { ${FIELDS} } }`, { as: root })).machine).toEqual(sent);
});

test('saving again replaces the whole record and keeps its grants', async () => {
  await save(machine(101, { name: 'old', attributes: { a: 1 } }));
  await grant({ machineId: 101, userId: ann.id });
  const { data } = await save(machine(101, { status: 'STOPPED' }));
  expect(data.saveMachines).toEqual([machine(101, { status: 'STOPPED', name: null, maxDiskBytes: null, attributes: {} })]);
  expect(await visibleTo(ann)).toContain(101);
});

test('a user sees what is granted to it or to everyone, until the grant is taken back; an admin sees all', async () => {
  await save(machine(110), machine(111), machine(112));
  await grant({ machineId: 110, userId: ann.id });
  await grant({ machineId: 111, everyone: true });
  for (let again = 0; again < 2; again += 1) await grant({ machineId: 110, userId: ann.id });
  expect(await visibleTo(ann)).toEqual(expect.arrayContaining([110, 111]));
  expect(await visibleTo(ben)).toContain(111);
  expect(await visibleTo(ben)).not.toContain(110);
  expect(await visibleTo(ann)).not.toContain(112);
  expect((await machines.did('{ machine(id: 110) { id } }', { as: ben.caller })).machine).toBeNull();
  expect((await machines.did(LIST, { as: root, variables: { first: 100 } })).machines.nodes.map(({ id }: { id: string }) => id)).toEqual(expect.arrayContaining(['110', '111', '112']));
  await grant({ machineId: 110, userId: ann.id, revoke: true });
  await grant({ machineId: 111, everyone: true, revoke: true });
  expect(await visibleTo(ann)).not.toContain(110);
  expect(await visibleTo(ben)).not.toContain(111);
});

test('nobody sees machines without a credential, and only an admin saves or grants', async () => {
  expect((await machines.failure(LIST)).extensions.code).toBe('UNAUTHENTICATED');
  expect((await machines.failure(SAVE, { as: ann.caller, variables: { input: { machines: [machine(1)] } } })).extensions.code).toBe('FORBIDDEN');
  expect((await machines.failure(GRANT, { as: ann.caller, variables: { input: { machineId: 112, everyone: true } } })).extensions.code).toBe('FORBIDDEN');
});

test.each(([
  [{ id: '-1' }, 'id'],
  [{ id: '2147483648' }, 'id'],
  [{ id: '007' }, 'id'],
  [{ id: 'abc' }, 'id'],
  [{ cpus: -1 }, 'cpus'],
  [{ cpus: 2 ** 31 }, 'cpus'],
  [{ cpus: 1.5 }, 'cpus'],
  [{ cpus: '32' }, 'cpus'],
  [{ cpus: null }, 'cpus'],
  [{ status: 'stoppped' }, 'status'],
  [{ memoryBytes: -1 }, 'memoryBytes'],
  [{ memoryBytes: 0.5 }, 'memoryBytes'],
  [{ memoryBytes: 2 ** 53 }, 'memoryBytes'],
  [{ memoryBytes: 2 ** 53 + 2 }, 'memoryBytes'],
  [{ memoryBytes: NaN }, 'memoryBytes'],
  [{ maxDiskBytes: Infinity }, 'maxDiskBytes'],
  [{ ip: '192.168.1.256' }, 'ip'],
  [{ ip: '192.168.01.1' }, 'ip'],
  [{ ip: '::1' }, 'ip'],
  [{ ip: 'localhost' }, 'ip'],
  [{ gpu: 'x'.repeat(256) }, 'gpu'],
  [{ gpu: 'nul\u0000' }, 'gpu'],
  [{ name: '' }, 'name'],
  [{ name: 'half\udc00' }, 'name'],
  [{ attributes: [] }, 'attributes'],
  [{ attributes: 'text' }, 'attributes'],
  [{ attributes: { deep: [{ text: '\u0000' }] } }, 'attributes.deep[0].text'],
  [{ attributes: { '\u0000': 1 } }, 'attributes (a key)'],
  [{ attributes: { long: 'x'.repeat(65_536) } }, 'attributes'],
] as [object, string][]).map(([fault, field]) => ({ fault, field })))('of a batch with one faulty machine (%#) nothing is stored, and $field is named', async ({ fault, field }) => {
  const before = revision();
  const { errors } = await save(machine(900), machine(901, fault), machine(902));
  expect(errors[0]).toMatchObject({ extensions: { code: 'BAD_INPUT', field: `input.machines[1].${field}` } });
  expect((await machines.did(LIST, { as: root, variables: { first: 100 } })).machines.nodes.map(({ id }: { id: string }) => id)).not.toContain('900');
  expect(revision()).toBe(before);
});

test('255 characters of any kind are a name and a GPU, 256 are too many', async () => {
  const longest = '🚀'.repeat(255);
  expect((await save(machine(903, { name: longest, gpu: longest }))).data.saveMachines[0]).toMatchObject({ name: longest, gpu: longest });
  for (const field of ['name', 'gpu']) {
    expect((await save(machine(904, { [field]: `${longest}x` }))).errors[0]).toMatchObject({ extensions: { code: 'BAD_INPUT', field: `input.machines[0].${field}` } });
  }
});

test('a batch holds 1 to 1,000 machines, each id once', async () => {
  const thousand = Array.from({ length: 1_000 }, (_, n) => machine(10_000 + n, { gpu: n % 10 === 0 ? 'NVIDIA A100' : 'NVIDIA H800', name: `Node${n}`, status: n % 2 ? 'RUNNING' : 'STOPPED', ip: `10.0.${n >> 8}.${n & 255}` }));
  expect((await save(...thousand)).data.saveMachines.map(({ id }: { id: string }) => id)).toEqual(thousand.map(({ id }) => id));
  for (const [list, field] of [[[], 'input.machines'], [[...thousand, machine(1)], 'input.machines'], [[machine(1), machine(2), machine(1)], 'input.machines[2].id']] as const) {
    expect((await save(...list)).errors[0]).toMatchObject({ extensions: { code: 'BAD_INPUT', field } });
  }
});

test('machines are listed by id, filtered and paged', async () => {
  const list = async (variables: Record<string, unknown>) => (await machines.did(LIST, { as: root, variables })).machines;
  expect((await list({ filter: { gpu: 'a100' } })).totalCount).toBe(100);
  expect((await list({ filter: { gpu: 'a100', status: 'RUNNING' } })).totalCount).toBe(0);
  expect((await list({ filter: { name: 'node99' } })).totalCount).toBe(11);
  expect((await list({ filter: { ip: '10.0.1.0' } })).nodes).toMatchObject([{ id: '10256' }]);
  for (const gpu of ['%', '_', '\\', "'"]) expect((await list({ filter: { gpu } })).totalCount).toBe(0);
  const seen: number[] = [];
  let after: string | null = null;
  do {
    const page = (await list({ filter: { gpu: 'h800' }, first: 100, after })) as { nodes: { id: string }[]; pageInfo: { hasNextPage: boolean; endCursor: string } };
    seen.push(...page.nodes.map(({ id }) => Number(id)));
    after = page.pageInfo.hasNextPage ? page.pageInfo.endCursor : null;
  } while (after);
  expect(seen).toHaveLength(900);
  expect(seen).toEqual(seen.toSorted((a, b) => a - b));
  expect((await list({ filter: { gpu: 'a100' }, first: 2, offset: 98 })).nodes).toHaveLength(2);
  expect(await list({ filter: { gpu: 'a100' }, offset: 5_000 })).toMatchObject({ nodes: [], totalCount: 100, pageInfo: { hasNextPage: false } });
});

test('a page that cannot be is refused by name', async () => {
  for (const [variables, code, field] of [
    [{ first: -1 }, 'BAD_INPUT', 'first'],
    [{ first: 101 }, 'LIMIT_EXCEEDED', 'first'],
    [{ offset: -1 }, 'BAD_INPUT', 'offset'],
    [{ after: 'rubbish' }, 'BAD_INPUT', 'after'],
    [{ after: Buffer.from('["x"]').toString('base64url') }, 'BAD_INPUT', 'after'],
    [{ after: Buffer.from('[2147483648]').toString('base64url') }, 'BAD_INPUT', 'after'],
    [{ filter: { gpu: '\u0000' } }, 'BAD_INPUT', 'filter.gpu'],
    [{ filter: { status: 'BROKEN' } }, 'BAD_INPUT', 'filter.status'],
  ] as const) {
    expect((await machines.failure(LIST, { as: root, variables })).extensions).toMatchObject({ code, field });
  }
  expect((await machines.did(LIST, { as: root, origin: 'stored', variables: { first: 1_000 } })).machines.nodes).toHaveLength(1_000);
});

test('a page of a thousand machines costs one statement', async () => {
  const statements: string[] = [];
  const { em } = machines.services.ownScope();
  const pool = await (em.getConnection() as unknown as { getNativeClient(): Promise<Pool> }).getNativeClient();
  const watched = new Set<unknown>();
  const watch = (client: { query(...args: unknown[]): unknown }) => {
    if (watched.has(client)) return;
    watched.add(client);
    const query = client.query.bind(client);
    client.query = (...args) => {
      statements.push(typeof args[0] === 'string' ? args[0] : String((args[0] as { text?: string }).text));
      return query(...args);
    };
  };
  pool.on('acquire', watch);
  await machines.did('{ machines(first: 1000) { nodes { id cpus status memoryBytes gpu ip name maxDiskBytes attributes } } }', { as: root, origin: 'stored' });
  pool.off('acquire', watch);
  expect(statements.filter((text) => text.includes('machines.'))).toHaveLength(1);
});

test('the inventory’s revision counts every change before it is acknowledged, and only then', async () => {
  let last = revision();
  const bumped = async (work: () => Promise<unknown>) => {
    await work();
    const now = revision();
    const isNew = now !== last;
    last = now;
    return isNew;
  };
  expect(await bumped(() => save(machine(120)))).toBe(true);
  expect(await bumped(() => grant({ machineId: 120, userId: ann.id }))).toBe(true);
  expect(await bumped(() => grant({ machineId: 120, everyone: true }))).toBe(true);
  expect(await bumped(() => visibleTo(ann))).toBe(false);
});

test('a change by another process is counted as well', async () => {
  const before = revision();
  const { em } = machines.services.ownScope();
  await em.getConnection().execute(`select pg_notify('hutong_machines', 'inventory:another process')`);
  await expect.poll(revision).not.toBe(before);
});

test('many who save the same machines at once neither fail nor lose one', async () => {
  const list = Array.from({ length: 50 }, (_, n) => machine(20_000 + n));
  const answers = await Promise.all(Array.from({ length: 12 }, (_, n) => save(...(n % 2 ? list : list.toReversed()).map((each) => ({ ...each, cpus: n })))));
  expect(answers.flatMap(({ errors }) => errors)).toEqual([]);
  const { nodes } = (await machines.did(LIST, { as: root, origin: 'stored', variables: { first: 1_000, after: Buffer.from('[19999]').toString('base64url') } })).machines;
  expect(nodes).toHaveLength(50);
  expect(new Set(nodes.map(({ cpus }: { cpus: number }) => cpus)).size).toBe(1);
});

test('a grant names what is missing', async () => {
  for (const [input, code, field] of [
    [{ machineId: '112' }, 'BAD_INPUT', 'input.userId'],
    [{ machineId: '112', userId: ann.id, everyone: true }, 'BAD_INPUT', 'input.userId'],
    [{ machineId: '4711', everyone: true }, 'NOT_FOUND', 'input.machineId'],
    [{ machineId: '4711', userId: ann.id }, 'NOT_FOUND', 'input.machineId'],
    [{ machineId: '-1', everyone: true }, 'NOT_FOUND', 'input.machineId'],
    [{ machineId: '112', userId: 'nobody' }, 'NOT_FOUND', 'input.userId'],
    [{ machineId: '112', userId: '3f0b2b5e-7d0a-4a51-9f6a-000000000000' }, 'NOT_FOUND', 'input.userId'],
  ] as const) {
    expect((await machines.failure(GRANT, { as: root, variables: { input } })).extensions).toMatchObject({ code, field });
  }
});

test('references resolve in one batch, as far as the caller sees', async () => {
  await save(machine(130), machine(131));
  await grant({ machineId: 130, userId: ann.id });
  const entities = 'query ($r: [_Any!]!) { _entities(representations: $r) { ... on Machine { id gpu } } }';
  const variables = { r: ['130', '131', '4711', 'x', '99999999999'].map((id) => ({ __typename: 'Machine', id })) };
  const found = { gpu: 'NVIDIA RTX4090' };
  expect((await machines.did(entities, { as: ann.caller, variables }))._entities).toEqual([{ id: '130', ...found }, null, null, null, null]);
  expect((await machines.did(entities, { as: root, variables }))._entities).toEqual([{ id: '130', ...found }, { id: '131', ...found }, null, null, null]);
});

test('a deleted user’s grants are gone', async () => {
  const cleo = await machines.actor('cleo');
  await grant({ machineId: 130, userId: cleo.id });
  await machines.did('mutation ($id: ID!) { deleteUser(id: $id) }', { as: root, variables: { id: cleo.id } });
  const rows = await machines.services.ownScope().em.getConnection().execute('select 1 from machines.machine_grant where user_id = ?', [cleo.id]);
  expect(rows).toEqual([]);
});
