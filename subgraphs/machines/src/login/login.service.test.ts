import { afterAll, beforeAll, expect, test } from 'vitest';
import { PasswordHasher } from '../password/password.hash.js';
import { machinesUnderTest, root, type MachinesUnderTest } from '../testkit/machines.kit.js';

const MINUTE = 60_000;

let machines: MachinesUnderTest;
beforeAll(async () => {
  machines = await machinesUnderTest();
});
afterAll(() => machines.stop());

const failure = async (username: string, password: string, address?: string) => (await machines.logIn(username, password, address)).errors[0];
const code = async (username: string, password: string, address?: string) => (await failure(username, password, address))?.extensions.code ?? 'ok';

test('a wrong password and an unknown user are answered alike', async () => {
  await machines.actor('alice');
  const [wrong, unknown] = [await failure('alice', 'a guess', '198.51.100.1'), await failure('nobody', 'a guess', '198.51.100.1')];
  expect(wrong).toMatchObject({ message: 'The username or the password is wrong.', extensions: { code: 'WRONG_CREDENTIALS' } });
  expect({ ...unknown, path: null }).toEqual({ ...wrong, path: null });
});

test('an unknown user costs as much hashing as a known one', async () => {
  const hasher = new PasswordHasher(13);
  const stored = await hasher.hash('right');
  const cpuOf = async (hash: string | null) => {
    const before = process.cpuUsage();
    for (let n = 0; n < 5; n += 1) expect(await hasher.verify('wrong', hash)).toBe(false);
    const { user, system } = process.cpuUsage(before);
    return user + system;
  };
  const [known, unknown] = [await cpuOf(stored), await cpuOf(null)];
  expect(unknown).toBeGreaterThan(known / 4);
});

test('after ten failures of a user from an address even the right password waits, but not from another address, nor for others', async () => {
  await machines.actor('bert');
  await machines.actor('ernie');
  for (let n = 0; n < 10; n += 1) expect(await code('bert', `guess ${n}`, '198.51.100.2')).toBe('WRONG_CREDENTIALS');
  const refused = await failure('BERT', 'password of bert', '198.51.100.2');
  expect(refused).toMatchObject({ extensions: { code: 'TOO_MANY_LOGINS', retryAfterSeconds: 900 } });
  expect(await code('bert', 'password of bert', '198.51.100.3')).toBe('ok');
  expect(await code('ernie', 'password of ernie', '198.51.100.2')).toBe('ok');
  machines.clock.advance(14 * MINUTE);
  expect(await failure('bert', 'password of bert', '198.51.100.2')).toMatchObject({ extensions: { retryAfterSeconds: 60 } });
  machines.clock.advance(MINUTE);
  expect(await code('bert', 'password of bert', '198.51.100.2')).toBe('ok');
});

test('a success forgets the failures before it', async () => {
  await machines.actor('cora');
  for (let round = 0; round < 3; round += 1) {
    for (let n = 0; n < 9; n += 1) expect(await code('cora', `guess ${n}`, '198.51.100.4')).toBe('WRONG_CREDENTIALS');
    expect(await code('cora', 'password of cora', '198.51.100.4')).toBe('ok');
  }
});

test('a storm of guesses at once gets no more tries than a patient one', async () => {
  await machines.actor('dave');
  const codes = await Promise.all(Array.from({ length: 60 }, (_, n) => code('dave', `guess ${n}`, '198.51.100.5')));
  expect(codes.filter((each) => each === 'WRONG_CREDENTIALS').length).toBeLessThanOrEqual(10);
  expect(codes.filter((each) => each === 'TOO_MANY_LOGINS').length).toBeGreaterThanOrEqual(50);
});

test('fifty logins at once with the right password all succeed', async () => {
  await machines.actor('erin');
  expect(new Set(await Promise.all(Array.from({ length: 50 }, () => code('erin', 'password of erin', '198.51.100.6'))))).toEqual(new Set(['ok']));
});

test('an address that tries many names is refused, whatever the user', async () => {
  await machines.actor('finn');
  for (let n = 0; n < 100; n += 1) await code(`name ${n}`, 'a guess', '198.51.100.7');
  expect(await code('finn', 'password of finn', '198.51.100.7')).toBe('TOO_MANY_LOGINS');
  expect(await code('finn', 'password of finn', '198.51.100.8')).toBe('ok');
});

test('one /64 of IPv6 is one address, however it is written', async () => {
  await machines.actor('gina');
  for (let n = 0; n < 10; n += 1) expect(await code('gina', `guess ${n}`, `2001:db8:0:1::${n}`)).toBe('WRONG_CREDENTIALS');
  expect(await code('gina', 'password of gina', '2001:0db8::0001:ffff:0:0:1')).toBe('TOO_MANY_LOGINS');
  expect(await code('gina', 'password of gina', '2001:db8:0:2::1')).toBe('ok');
  for (let n = 0; n < 10; n += 1) await code('gina', `guess ${n}`, '::ffff:198.51.100.9');
  expect(await code('gina', 'password of gina', '198.51.100.9')).toBe('TOO_MANY_LOGINS');
});

test('guesses from everywhere are slowed to one per address, and the user is never locked out', async () => {
  await machines.actor('hugo');
  for (let n = 0; n < 100; n += 1) await code('hugo', 'a guess', `203.0.113.${n}`);
  expect(await code('hugo', 'another guess', '203.0.113.1')).toBe('TOO_MANY_LOGINS');
  expect(await code('hugo', 'another guess', '203.0.113.200')).toBe('WRONG_CREDENTIALS');
  expect(await code('hugo', 'another guess', '203.0.113.200')).toBe('TOO_MANY_LOGINS');
  expect(await code('hugo', 'password of hugo', '192.0.2.77')).toBe('ok');
  expect(await code('hugo', 'password of hugo', '192.0.2.77')).toBe('ok');
});

test('what no user can have is refused without being stored or crashing', async () => {
  expect(await failure('a\u0000', 'x')).toMatchObject({ extensions: { code: 'BAD_INPUT', field: 'input.username' } });
  expect(await failure('alice', '\ud800')).toMatchObject({ extensions: { code: 'BAD_INPUT', field: 'input.password' } });
  expect(await failure('', 'x')).toMatchObject({ extensions: { code: 'BAD_INPUT', field: 'input.username' } });
  expect(await failure('alice', '')).toMatchObject({ extensions: { code: 'BAD_INPUT', field: 'input.password' } });
  for (const [username, password] of [['x'.repeat(100_000), 'x'], ['alice', 'x'.repeat(100_000)], ["' or 1=1 --", 'x']] as const) {
    expect(await code(username, password, '198.51.100.10')).toBe('WRONG_CREDENTIALS');
  }
  for (const input of [{ username: 'alice' }, { username: 'alice', password: null }, { username: 1, password: 'x' }, { username: ['alice'], password: {} }, null]) {
    const { errors } = await machines.ask('mutation ($input: LogInInput!) { logIn(input: $input) { ticket } }', { variables: { input } });
    expect(errors[0]?.extensions.code).toBe('BAD_INPUT');
  }
});

test('a password typed in decomposed letters is the same password', async () => {
  await machines.did('mutation ($input: CreateUserInput!) { createUser(input: $input) { id } }', { as: root, variables: { input: { username: 'rené', password: 'mot de passé' } } });
  expect(await code('rene\u0301', 'mot de passe\u0301', '198.51.100.11')).toBe('ok');
});
