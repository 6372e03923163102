import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Actor, actor, admin, stranger } from '../testkit/actor.js';
import { UNSTORABLE_TEXTS } from '../testkit/bad-values.js';
import { send, sendAs, sendForm, type HttpAnswer } from '../testkit/http.js';
import { startPlatform, type Platform } from '../testkit/platform.js';

// Each rule of cloud_api that needs no cloud; those that do are in test/flows.

let platform: Platform;
let root: Actor;
let alice: Actor;
let oj: Actor;
beforeAll(async () => {
  platform = await startPlatform({ environment: { CLOUD_DRIVER: 'none', TRUSTED_PROXIES: '127.0.0.1', CLOUD_API_TRUSTED_NETWORKS: '10.1.0.0/16=nobody-here,10.0.0.0/8=OJ' } });
  root = await admin(platform);
  alice = await actor(root, 'alice');
  oj = await actor(root, 'oj');
});
afterAll(() => platform?.dispose());

type Fields = Record<string, string>;
const LAUNCH = { command: 'launch_instance', image: 'xubuntu-14.04-desktop-x86', flavor: 'm1.small', internet: 'true', name: 'final_exam_141242022' };
const DESTROY = { command: 'destroy_instance', vm_id: randomUUID() };
const NO_CLOUD = /CLOUD_DRIVER/;
const UNKNOWN_VM = 'Invalid virtual machine id';
const UNAUTHORIZED = 'Authentication required';

const post = (fields: Fields, as: Actor = alice) => sendForm(as, '/cloud_api', fields);
const without = (fields: Fields, key: string): Fields => Object.fromEntries(Object.entries(fields).filter(([name]) => name !== key));

function expectRefused({ status, json, text, headers }: HttpAnswer, retCode: number, description: string | RegExp): void {
  expect(json, text).toEqual({ ret_code: retCode, description: typeof description === 'string' ? description : expect.stringMatching(description) });
  expect(Object.keys(json as object)).toEqual(['ret_code', 'description']);
  expect(status).toBe(retCode === 9 ? 401 : 200);
  expect(headers['content-type']).toBe('application/json; charset=utf-8');
  expect(headers['x-request-id']).toMatch(/./);
}

test.each(['/cloud_api', '/cloud_api/'])('at %s a launch without a cloud says what to set', { tags: ['cloud-api/form/post', 'cloud-api/form/urlencoded', 'cloud-api/rules/slash', 'cloud-api/codes/8'] }, async (path) => {
  expectRefused(await sendForm(alice, path, LAUNCH), 8, NO_CLOUD);
});

test('what is below is no command, and no answer is a page', { tags: ['cloud-api/rules/unknown-path', 'cloud-api/rules/no-page'] }, async () => {
  for (const path of ['/cloud_api/x', '/cloud_api/%00', '/cloud_api//']) {
    const answer = await sendForm(alice, path, DESTROY);
    expectRefused(answer, 1, 'Invalid command');
    expect(answer.text).not.toMatch(/<html|<!doctype|node_modules|\.js:/i);
  }
});

test('the document’s own language travels unescaped', { tags: ['cloud-api/rules/unescaped'] }, async () => {
  const { json, text } = await post({ ...LAUNCH, name: '试'.repeat(256) });
  expect(json.ret_code, text).toBe(2);
  expect(text).toContain('试试');
});

test('an answer has the id that its request has sent', { tags: ['cloud-api/rules/request-id'] }, async () => {
  for (const fields of [DESTROY, {}]) {
    const { headers } = await sendForm(alice, '/cloud_api', fields, { headers: { 'x-request-id': 'mine-7' } });
    expect(headers['x-request-id']).toBe('mine-7');
  }
});

test.each<Fields>([{ origin: 'https://evil.example' }, { origin: 'null' }, { 'sec-fetch-site': 'cross-site' }, { 'sec-fetch-site': 'same-site' }])('a foreign page changes nothing: %j', { tags: ['cloud-api/rules/foreign-page'] }, async (headers) => {
  expectRefused(await sendForm(alice, '/cloud_api', LAUNCH, { headers }), 9, UNAUTHORIZED);
});

test.each(['%ff', '%ed%a0%80', '%c0%80', '%00'])('a name with the bytes %s is none', { tags: ['cloud-api/rules/utf-8', 'cloud-api/rules/unstorable'] }, async (bytes) => {
  const body = `${new URLSearchParams(without(LAUNCH, 'name')).toString()}&name=a${bytes}`;
  expectRefused(await sendAs(alice, { method: 'POST', path: '/cloud_api', headers: { 'content-type': 'application/x-www-form-urlencoded' }, body }), 2, /^Argument missing: name: expected valid UTF-8/);
});

test.each([
  ['a multipart form that is cut off', 'multipart/form-data; boundary=b', '--b\r\nContent-Disposition: form-data; name="command"\r\n\r\nlaunch_inst'],
  ['a multipart form without a boundary', 'multipart/form-data', 'x'],
  ['something else', 'application/xml', '<command>launch_instance</command>'],
])('a form that is %s has no command', { tags: ['cloud-api/rules/malformed-body'] }, async (_, type, body) => {
  expectRefused(await sendAs(alice, { method: 'POST', path: '/cloud_api', headers: { 'content-type': type }, body }), 1, 'Invalid command');
});

test('a multipart form is taken as well', { tags: ['cloud-api/form/multipart'] }, async () => {
  const form = new FormData();
  for (const [key, value] of Object.entries(DESTROY)) form.append(key, value);
  const sent = new Response(form);
  expectRefused(await sendAs(alice, { method: 'POST', path: '/cloud_api', headers: { 'content-type': sent.headers.get('content-type')! }, body: new Uint8Array(await sent.arrayBuffer()) }), 6, UNKNOWN_VM);
});

describe('command', () => {
  test.each(['', 'reboot_instance', 'LAUNCH_INSTANCE', 'launch_instance ', '__proto__', 'x'.repeat(100_000), ...UNSTORABLE_TEXTS])('%j is invalid', { tags: ['cloud-api/form/command', 'cloud-api/codes/1'] }, async (command) => {
    expectRefused(await post({ ...LAUNCH, command }), 1, 'Invalid command');
  });

  test.each([['nothing at all', undefined], ['an empty body', ''], ['JSON', JSON.stringify(LAUNCH)]])('is missing from %s', { tags: ['cloud-api/codes/1', 'cloud-api/rules/malformed-body', 'cloud-api/rules/envelope'] }, async (_, body) => {
    expectRefused(await sendAs(alice, { method: 'POST', path: '/cloud_api', body }), 1, 'Invalid command');
  });

  test.each(['GET', 'PUT', 'PATCH', 'DELETE'])('is taken from no %s', { tags: ['cloud-api/form/other-methods', 'cloud-api/codes/1', 'cloud-api/rules/envelope'] }, async (method) => {
    const { status, json, headers } = await sendAs(alice, { method, path: '/cloud_api?command=launch_instance' });
    expect([status, json, headers.allow]).toEqual([405, { ret_code: 1, description: 'Invalid command' }, 'POST, OPTIONS']);
  });
});

describe('arguments', () => {
  test.each(['image', 'flavor', 'internet', 'name'])('of a launch: %s is required', { tags: ['cloud-api/launch/image', 'cloud-api/launch/flavor', 'cloud-api/launch/internet', 'cloud-api/launch/name', 'cloud-api/codes/2', 'cloud-api/codes/detail'] }, async (key) => {
    expectRefused(await post(without(LAUNCH, key)), 2, `Argument missing: ${key}`);
  });

  test('of a destroy: vm_id is required', { tags: ['cloud-api/destroy/missing', 'cloud-api/codes/2'] }, async () => {
    expectRefused(await post({ command: 'destroy_instance' }), 2, 'Argument missing: vm_id');
  });

  test.each(['', 'x'.repeat(256), 'x'.repeat(100_000), '\u0000'])('a name of 1 to 255 characters is required, and %j is none', { tags: ['cloud-api/launch/name', 'cloud-api/codes/2', 'cloud-api/rules/unstorable'] }, async (name) => {
    expectRefused(await post({ ...LAUNCH, name }), 2, /^Argument missing: name/);
  });

  test.each(['x', '🚀'.repeat(255), "'; drop table cloud_vm.virtual_machine; --", '期末考试', '\u202Eabc <script>'])('a name may be %j', { tags: ['cloud-api/launch/name'] }, async (name) => {
    expectRefused(await post({ ...LAUNCH, name }), 8, NO_CLOUD);
  });

  test('the first of a key that comes twice counts', { tags: ['cloud-api/form/command'] }, async () => {
    const body = `${new URLSearchParams(LAUNCH).toString()}&command=destroy_instance&vm_id=x`;
    for (const type of ['application/x-www-form-urlencoded', '']) expectRefused(await sendAs(alice, { method: 'POST', path: '/cloud_api', headers: { 'content-type': type }, body }), 8, NO_CLOUD);
  });

  test.each(['', 'x', '0', '%00', randomUUID(), randomUUID().toUpperCase(), 'x'.repeat(100_000), "' or 1=1 --", ...UNSTORABLE_TEXTS])('the id %j is that of no machine', { tags: ['cloud-api/destroy/unknown', 'cloud-api/codes/6', 'cloud-api/form/http-200', 'cloud-api/form/envelope', 'cloud-api/launch/failure'] }, async (vm_id) => {
    expectRefused(await post({ ...DESTROY, vm_id }), 6, UNKNOWN_VM);
  });
});

describe('who it is', () => {
  const anybody = () => stranger(platform);
  const tokenFor = async (scopes: string[]) => {
    const { createApiToken } = await alice.ask('mutation ($scopes: [String!]!) { createApiToken(input: { name: "exam", scopes: $scopes }) { token } }', { scopes });
    return createApiToken.token as string;
  };

  test.each<[string, (credential: string) => { headers?: Fields; fields?: Fields }]>([
    ['the header token', (credential) => ({ headers: { token: credential } })],
    ['the header X-Auth-Token', (credential) => ({ headers: { 'x-auth-token': credential } })],
    ['Authorization: Bearer', (credential) => ({ headers: { authorization: `Bearer ${credential}` } })],
    ['the form’s key token', (credential) => ({ fields: { token: credential } })],
  ])('is told by %s', { tags: ['cloud-api/form/who', 'cloud-api/rules/identity'] }, async (_, shown) => {
    for (const credential of [alice.credential!, await tokenFor(['cloud-vm:write'])]) {
      const { headers = {}, fields = {} } = shown(credential);
      expectRefused(await sendForm(anybody(), '/cloud_api', { ...LAUNCH, ...fields }, { headers }), 8, NO_CLOUD);
    }
  });

  test.each<[string, Fields]>([['good', LAUNCH], ['without a name', without(LAUNCH, 'name')], ['without a command', {}], ['of an unknown command', { command: 'x' }], ['too large', { ...LAUNCH, name: 'x'.repeat(2 ** 21) }]])('comes first, also when the form is %s', { tags: ['cloud-api/form/order', 'cloud-api/codes/9', 'cloud-api/form/http-200'] }, async (_, fields) => {
    expectRefused(await post(fields, anybody()), 9, UNAUTHORIZED);
    expectRefused(await post(fields, new Actor(platform, 'unknown', 'never-issued')), 9, UNAUTHORIZED);
  });

  test('is not told by a token without the scope', { tags: ['cloud-api/codes/9'] }, async () => {
    expectRefused(await post(LAUNCH, new Actor(platform, 'alice', await tokenFor(['machines:read']))), 9, UNAUTHORIZED);
  });

  test('is told by an address that a trusted proxy tells, and by no other', { tags: ['cloud-api/form/trusted'] }, async () => {
    const from = (told: string, from = '127.0.0.1', headers: Fields = {}) => sendForm(anybody(), '/cloud_api', DESTROY, { from, headers: { 'x-forwarded-for': told, ...headers } });
    expectRefused(await from('10.2.3.4'), 6, UNKNOWN_VM);
    expectRefused(await from('11.2.3.4'), 9, UNAUTHORIZED);
    // Whatever it says itself: the proxy's word is the last.
    expectRefused(await from('10.2.3.4, 11.2.3.4'), 9, UNAUTHORIZED);
    expectRefused(await from('10.2.3.4', '127.0.0.2'), 9, UNAUTHORIZED);
    // Who shows a credential is the one it belongs to.
    expectRefused(await from('10.2.3.4', '127.0.0.1', { token: 'never-issued' }), 9, UNAUTHORIZED);
    // A user who does not exist.
    expectRefused(await from('10.1.3.4'), 9, UNAUTHORIZED);
    const elsewhere = await send(platform, { path: '/api/info', headers: { 'x-forwarded-for': '10.2.3.4' } });
    expect(elsewhere.status).toBe(422);
    await root.ask('mutation ($id: ID!) { updateUser(input: { id: $id, disabled: true }) { id } }', { id: oj.userId });
    await expect.poll(async () => (await from('10.2.3.4')).status, { timeout: 5_000 }).toBe(401);
  });
});
