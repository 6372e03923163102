import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { failing } from '../testkit/fake.graph.js';
import { RestServer, type RestAnswer } from '../testkit/rest.server.js';

// One for each test: what a caller left to be taken back is asked after its own test, too.
let rest: RestServer;
beforeEach(async () => {
  rest = await RestServer.start({ waitSeconds: 90, trustedNetworks: [{ network: '127.0.0.9/32', username: 'oj' }] }, (request, _response, next) => {
    // A proxy in front, whose word counts.
    const told = request.headers['x-forwarded-for'];
    if (typeof told === 'string') Object.defineProperty(request, 'ip', { value: told });
    next();
  });
  rest.graph.fields = {
    launchVirtualMachine: () => ({ id: 'vm-1', ipv4: '127.77.0.1' }),
    destroyVirtualMachine: ({ id }: { id: string }) => ({ id }),
  };
});
afterEach(() => rest[Symbol.asyncDispose]());

const LAUNCH = { command: 'launch_instance', image: 'xubuntu', flavor: 'm1.small', internet: 'true', name: 'final_exam_141242022' };
const DESTROY = { command: 'destroy_instance', vm_id: 'vm-1' };
const UNAUTHENTICATED = failing('no such ticket', { code: 'UNAUTHENTICATED' });

type Fields = Record<string, string>;
const without = (fields: Fields, key: string): Fields => Object.fromEntries(Object.entries(fields).filter(([name]) => name !== key));
const refused = (code: number, description: string | RegExp) =>
  ({ ret_code: code, description: typeof description === 'string' ? description : expect.stringMatching(description) as string });
const send = (body: string | Buffer, type: string, headers: Fields = { token: 'secret' }) =>
  rest.send({ method: 'POST', path: '/cloud_api', headers: { 'content-type': type, ...headers }, body });
const operations = () => rest.graph.requests.map(({ operationName }) => operationName);

function expectRefused({ status, json, text }: RestAnswer, code: number, description: string | RegExp): void {
  expect(json, text).toEqual(refused(code, description));
  expect(status).toBe(code === 9 ? 401 : 200);
}

describe('launch_instance', () => {
  it.each([['urlencoded', false], ['multipart', true]])('takes a %s form and answers the machine, its keys in order', { tags: ['cloud-api/launch/success', 'cloud-api/form/urlencoded', 'cloud-api/form/multipart'] }, async (_, multipart) => {
    const answer = await rest.form('/cloud_api', { ...LAUNCH, name: '期末考试 & 🚀' }, { multipart });
    expect([answer.status, answer.text]).toEqual([200, '{"ret_code":0,"description":"Success","vm_id":"vm-1","vm_ip":"127.77.0.1"}']);
    expect(rest.graph.variables).toEqual({
      input: { image: 'xubuntu', flavor: 'm1.small', internetAccess: true, name: '期末考试 & 🚀', waitSeconds: 90, destroyUnlessActive: true, clientToken: expect.any(String) },
    });
    expect(rest.graph.requests.at(-1)?.caller.credential).toBe('secret');
  });

  it.each(['image', 'flavor', 'internet', 'name'])('says that %s is missing', async (key) => {
    expectRefused(await rest.form('/cloud_api', without(LAUNCH, key)), 2, `Argument missing: ${key}`);
    expect(operations()).toEqual(['Caller']);
  });

  it('names all that is missing', async () => {
    expectRefused(await rest.form('/cloud_api', { command: 'launch_instance' }), 2, 'Argument missing: image; flavor; internet; name');
  });

  it.each([['false', false], ['true', true], ['True', null], ['1', null], ['', null], [' true', null]])('gives the graph %j for internet as %j, to be looked at in its turn', async (internet, internetAccess) => {
    await rest.form('/cloud_api', { ...LAUNCH, internet });
    expect(rest.graph.variables).toMatchObject({ input: { internetAccess } });
  });

  it.each([
    ['VM_IMAGE_NOT_FOUND', 3, 'Invalid image name: no'], ['VM_IMAGE_AMBIGUOUS', 3, 'Invalid image name: no'], ['VM_FLAVOR_NOT_FOUND', 4, 'Invalid flavor name: no'],
    ['VM_FLAVOR_AMBIGUOUS', 4, 'Invalid flavor name: no'], ['VM_INTERNET_ACCESS_INVALID', 5, 'Invalid internet access setting: no'],
    ['VM_CREATION_FAILED', 7, 'Virtual machine creation failed: no'], ['VM_QUOTA_REFUSED', 7, 'Virtual machine creation failed: no'], ['VM_QUOTA_EXCEEDED', 7, 'Virtual machine creation failed: no'],
    ['CLOUD_NOT_CONFIGURED', 8, 'no'], ['CLOUD_MISCONFIGURED', 8, 'no'], ['CLOUD_UNAVAILABLE', 8, 'no'], ['SUBGRAPH_UNAVAILABLE', 8, 'no'],
    ['UNAUTHENTICATED', 9, 'Authentication required'], ['FORBIDDEN', 9, 'Authentication required'], ['CSRF_TOKEN_WRONG', 9, 'Authentication required'],
  ])('answers %s with %i', { tags: ['cloud-api/codes/3', 'cloud-api/codes/4', 'cloud-api/codes/5', 'cloud-api/codes/7', 'cloud-api/codes/8', 'cloud-api/codes/9', 'cloud-api/codes/detail', 'cloud-api/launch/ambiguous-image', 'cloud-api/launch/ambiguous-flavor', 'cloud-api/launch/quota'] }, async (code, retCode, description) => {
    rest.graph.fields['launchVirtualMachine'] = failing('no', { code, field: 'input.image' });
    expectRefused(await rest.form('/cloud_api', LAUNCH), retCode, description);
  });

  it.each([['SUBGRAPH_UNAVAILABLE', 'DestroyInstance'], ['TIMEOUT', 'DestroyInstance'], ['VM_CREATION_FAILED', 'LaunchInstance']])('has nothing stay that the caller is not told of, after %s', async (code, last) => {
    rest.graph.fields['launchVirtualMachine'] = ({ input }: { input: { waitSeconds: number } }) => (input.waitSeconds > 0 ? failing('no', { code })(undefined as never) : { id: 'vm-1', ipv4: '127.77.0.1' });
    expect((await rest.form('/cloud_api', LAUNCH)).json).not.toMatchObject({ ret_code: 0 });
    await expect.poll(() => operations().at(-1)).toBe(last);
  });

  it('tells nobody of our own faults', async () => {
    rest.graph.fields['launchVirtualMachine'] = failing('secret', { code: 'INTERNAL_SERVER_ERROR' });
    expectRefused(await rest.form('/cloud_api', LAUNCH), 8, 'Internal Server Error');
    expect(rest.logged).toHaveLength(1);
  });

  it.each([['1 character', 'x'], ['255 characters', '🚀'.repeat(255)]])('takes a name of %s', async (_, name) => {
    expect((await rest.form('/cloud_api', { ...LAUNCH, name })).json).toMatchObject({ ret_code: 0 });
    expect(rest.graph.variables).toMatchObject({ input: { name } });
  });

  it.each([['nothing', '', /^Argument missing: name$/], ['256 characters', '🚀'.repeat(256), /^Argument missing: name: expected .*1 to 255/], ['100 KB', 'x'.repeat(100_000), /^Argument missing: name: expected .{1,200}$/]])('refuses a name of %s', async (_, name, description) => {
    expectRefused(await rest.form('/cloud_api', { ...LAUNCH, name }), 2, description);
    expect(operations()).toEqual(['Caller']);
  });

  it.each(['%ff', '%ed%a0%80', '%00', '%e4%b8'])('refuses a name with %s in it, and looks for no such image', { tags: ['cloud-api/rules/unstorable', 'cloud-api/rules/utf-8'] }, async (bytes) => {
    expectRefused(await send(`${new URLSearchParams(without(LAUNCH, 'name')).toString()}&name=a${bytes}`, 'application/x-www-form-urlencoded'), 2, /^Argument missing: name: expected valid UTF-8/);
    await send(`${new URLSearchParams(without(LAUNCH, 'image')).toString()}&image=a${bytes}`, 'application/x-www-form-urlencoded');
    const { image } = (rest.graph.variables as { input: { image: string } }).input;
    expect(image).toMatch(/^a\uFFFD+$/);
  });

  it('takes a broken percent sign for itself', async () => {
    await send(`${new URLSearchParams(without(LAUNCH, 'name')).toString()}&name=100%+%zz`, 'application/x-www-form-urlencoded');
    expect(rest.graph.variables).toMatchObject({ input: { name: '100% %zz' } });
  });
});

describe('destroy_instance', () => {
  it('answers when the machine is gone', async () => {
    expect((await rest.form('/cloud_api', DESTROY)).text).toBe('{"ret_code":0,"description":"Success"}');
    expect(rest.graph.variables).toEqual({ id: 'vm-1', waitSeconds: 30 });
  });

  it('answers an unknown id as the document says', async () => {
    rest.graph.fields['destroyVirtualMachine'] = failing('virtual machine "x" not found', { code: 'VM_NOT_FOUND', field: 'id' });
    expect((await rest.form('/cloud_api', { ...DESTROY, vm_id: '' })).text).toBe('{"ret_code":6,"description":"Invalid virtual machine id"}');
  });

  it('says that the id is missing', async () => {
    expectRefused(await rest.form('/cloud_api', { command: 'destroy_instance' }), 2, 'Argument missing: vm_id');
  });
});

describe('commands and forms', () => {
  it.each<[string, Fields]>([['none', {}], ['an unknown one', { ...LAUNCH, command: 'reboot' }], ['another case', { ...LAUNCH, command: 'Launch_Instance' }], ['one that objects have', { command: 'constructor' }]])('refuses the command when there is %s', async (_, fields) => {
    expectRefused(await rest.form('/cloud_api', fields), 1, 'Invalid command');
    expectRefused(await rest.form('/cloud_api', fields, { multipart: Object.keys(fields).length > 0 }), 1, 'Invalid command');
    expect(operations()).toEqual(['Caller', 'Caller']);
  });

  it('takes the first of a key that is there several times', async () => {
    for (const type of ['application/x-www-form-urlencoded', '']) {
      await send(`${new URLSearchParams(LAUNCH).toString()}&name=second&command=destroy_instance`, type);
      expect(rest.graph.variables).toMatchObject({ input: { name: LAUNCH.name } });
    }
  });

  it.each<[string, string, string]>([
    ['no form', 'application/json', JSON.stringify(LAUNCH)],
    ['empty', 'application/x-www-form-urlencoded', ''],
    ['empty of parts', 'multipart/form-data; boundary=x', ''],
    ['no such form', 'multipart/form-data; boundary=x', 'command=launch_instance'],
    ['without a boundary', 'multipart/form-data', '--x\r\n'],
    ['cut', 'multipart/form-data; boundary=x', '--x\r\nContent-Disposition: form-data; name="command"\r\n\r\nlaunch_inst'],
    ['of another charset', 'application/x-www-form-urlencoded; charset=utf-16', Buffer.from('command=launch_instance', 'utf16le').toString('latin1')],
  ])('answers a body that is %s with 1', async (_, type, body) => {
    expectRefused(await send(body, type), 1, 'Invalid command');
  });

  it('does not take a file for a value', async () => {
    const part = (headers: string, value: string) => `--x\r\nContent-Disposition: form-data; ${headers}\r\n\r\n${value}\r\n`;
    const fields = Object.entries(without(LAUNCH, 'image')).map(([key, value]) => part(`name="${key}"`, value)).join('');
    expectRefused(await send(`${fields}${part('name="image"; filename="xubuntu"', 'xubuntu')}--x--\r\n`, 'multipart/form-data; boundary=x'), 2, 'Argument missing: image');
    await send(`${part('name="name"; filename="n"', '\xff')}${fields}${part('name="image"', 'x')}--x--\r\n`, 'multipart/form-data; boundary=x');
    expect(rest.graph.variables).toMatchObject({ input: { name: LAUNCH.name, image: 'x' } });
  });

  it('takes whatever boundary, preamble and header a client writes, and the charset that a part says', async () => {
    const fields = Object.entries(without(LAUNCH, 'name')).map(([key, value]) => `--X\r\ncontent-disposition: form-data; foo=bar; name=${key}\r\nContent-Transfer-Encoding: 8bit\r\n\r\n${value}\r\n`).join('');
    const name = Buffer.from('--X\r\nContent-Type: text/plain; charset=ISO-8859-1\r\nContent-Disposition: form-data; name="name"\r\n\r\nX--X \xe9\r\n', 'latin1');
    const body = Buffer.concat([Buffer.from(`preamble\r\n${fields}`), name, Buffer.from('--X--\r\nepilogue')]);
    expect((await send(body, 'multipart/form-data; boundary="X"; charset=utf-8')).json).toMatchObject({ ret_code: 0 });
    expect(rest.graph.variables).toMatchObject({ input: { image: LAUNCH.image, name: 'X--X é' } });
  });

  it('reads what is compressed, and says when a body or a form is too large', async () => {
    const form = new URLSearchParams(LAUNCH).toString();
    expect((await send(gzipSync(form), 'application/x-www-form-urlencoded', { token: 't', 'content-encoding': 'gzip' })).json).toMatchObject({ ret_code: 0 });
    const large = `${form}&x=${'x'.repeat(2 * 1024 * 1024)}`;
    expectRefused(await send(gzipSync(large), 'application/x-www-form-urlencoded', { token: 't', 'content-encoding': 'gzip' }), 2, /2097152 bytes/);
    expectRefused(await send(`${form}${'&a=b'.repeat(1_001)}`, 'application/x-www-form-urlencoded'), 2, /1000 fields/);
  });

  it.each(['GET', 'PUT', 'DELETE', 'PATCH'])('answers %s with HTTP 405 and what is allowed', async (method) => {
    const { status, json, headers } = await rest.send({ method, path: '/cloud_api' });
    expect([status, json, headers.allow]).toEqual([405, refused(1, 'Invalid command'), 'POST, OPTIONS']);
  });

  it('answers with and without a trailing slash, and what is below with 1', { tags: ['cloud-api/rules/slash', 'cloud-api/rules/unknown-path'] }, async () => {
    expect((await rest.form('/cloud_api/', DESTROY)).json).toMatchObject({ ret_code: 0 });
    expectRefused(await rest.form('/cloud_api/x', DESTROY), 1, 'Invalid command');
  });
});

describe('who it is', () => {
  it('is told by the form’s key token, too', async () => {
    await rest.form('/cloud_api', { ...DESTROY, token: ' mine ' }, { headers: {} });
    expect(rest.graph.requests.at(-1)?.caller.credential).toBe('mine');
    expectRefused(await rest.form('/cloud_api', { ...DESTROY, token: 'mine' }, { headers: { token: 'another' } }), 9, 'Authentication required');
  });

  it('comes before everything that is wrong with the request', async () => {
    rest.graph.instead = async () => ({ data: null, errors: [{ message: 'no such ticket', extensions: { code: 'UNAUTHENTICATED' } }] });
    const forms: Fields[] = [{}, { command: 'nothing' }, { command: 'launch_instance' }, { ...LAUNCH, name: '' }, { ...LAUNCH, name: 'x'.repeat(2 ** 21) }];
    for (const fields of forms) {
      expectRefused(await rest.form('/cloud_api', fields), 9, 'Authentication required');
      expectRefused(await rest.form('/cloud_api', fields, { headers: {} }), 9, 'Authentication required');
    }
    expect(new Set(operations())).toEqual(new Set(['Caller']));
    rest.graph.instead = undefined;
    rest.graph.fields['launchVirtualMachine'] = UNAUTHENTICATED;
    expectRefused(await rest.form('/cloud_api', LAUNCH), 9, 'Authentication required');
  });

  it('is the user of a trusted address when no credential is sent', async () => {
    expect((await rest.form('/cloud_api', DESTROY, { headers: { 'x-forwarded-for': '127.0.0.9' } })).json).toMatchObject({ ret_code: 0 });
    expect(rest.graph.requests.at(-1)?.caller).toMatchObject({ actsAs: 'oj', address: '127.0.0.9' });
    await rest.form('/cloud_api', DESTROY, { headers: { 'x-forwarded-for': '::ffff:127.0.0.9', token: 'mine' } });
    expect(rest.graph.requests.at(-1)?.caller).toMatchObject({ credential: 'mine' });
    expect(rest.graph.requests.at(-1)?.caller).not.toHaveProperty('actsAs');
    expectRefused(await rest.form('/cloud_api', DESTROY, { headers: { 'x-forwarded-for': '127.0.0.10' } }), 9, 'Authentication required');
  });

  it('is trusted by its address here only', async () => {
    expect((await rest.get('/api/info', { 'x-forwarded-for': '127.0.0.9' })).status).toBe(422);
  });

  it('is not a page of another site', async () => {
    expectRefused(await rest.form('/cloud_api', DESTROY, { headers: { origin: 'https://evil.example', token: 't' } }), 9, 'Authentication required');
    expect(rest.graph.requests).toEqual([]);
  });
});

describe('a caller that hangs up', () => {
  async function hangUpDuring(answered: Promise<unknown>): Promise<void> {
    const body = new URLSearchParams(LAUNCH).toString();
    const socket = connect(rest.port, '127.0.0.1');
    await once(socket, 'connect');
    socket.write(`POST /cloud_api HTTP/1.1\r\nHost: x\r\ntoken: t\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
    await expect.poll(operations).toContain('LaunchInstance');
    socket.destroy();
    await answered;
  }

  it('has its operation aborted, and asked once more what came of it', async () => {
    rest.graph.instead = async ({ signal }) => {
      if (operations().length === 1) await once(signal, 'abort');
      return { data: null, errors: [{ message: 'there is no such image', extensions: { code: 'IMAGE_NOT_FOUND' } }] };
    };
    await hangUpDuring(expect.poll(operations).toEqual(['LaunchInstance', 'LaunchInstance']));
    expect(rest.graph.requests.map(({ signal }) => signal.aborted)).toEqual([true, false]);
  });

  it('has its machine asked for by its token and destroyed when the answer was lost at that moment', async () => {
    let launches = 0;
    rest.graph.instead = async ({ operationName, signal }) => {
      if (operationName === 'DestroyInstance') return { data: { destroyVirtualMachine: { id: 'vm-7' } } };
      launches += 1;
      if (launches === 1) await once(signal, 'abort');
      // The way to the machines is broken once more.
      if (launches < 3) return { data: null, errors: [{ message: 'lost', extensions: { code: 'SUBGRAPH_UNAVAILABLE' } }] };
      return { data: { launchVirtualMachine: { id: 'vm-7', ipv4: '127.77.0.7' } } };
    };
    await hangUpDuring(expect.poll(operations).toEqual(['LaunchInstance', 'LaunchInstance', 'LaunchInstance', 'DestroyInstance']));
    const [first, again] = rest.graph.requests.map(({ variables }) => variables.input as Fields);
    expect(again).toEqual({ ...first, waitSeconds: 0 });
    expect(rest.graph.variables).toMatchObject({ id: 'vm-7' });
    expect(rest.logged).toEqual([]);
  });

  it('has its machine destroyed again when it was ready at that moment', async () => {
    rest.graph.instead = async ({ operationName, signal }) => {
      if (operationName === 'LaunchInstance') await once(signal, 'abort');
      return { data: { launchVirtualMachine: { id: 'vm-7', ipv4: '127.77.0.7' } } };
    };
    await hangUpDuring(expect.poll(() => rest.graph.requests.at(-1)).toMatchObject({ operationName: 'DestroyInstance', variables: { id: 'vm-7' }, signal: { aborted: false } }));
  });
});

it('a row that waits has its wait and 10 s, others the usual time', async () => {
  await using quick = await RestServer.start({ requestTimeoutMs: 50, waitSeconds: 1 });
  quick.graph.instead = async () => {
    await delay(200);
    return { data: { launchVirtualMachine: { id: 'vm-1', ipv4: '1.2.3.4' } } };
  };
  expect((await quick.form('/cloud_api', LAUNCH)).json).toMatchObject({ ret_code: 0 });
  expect((await quick.form('/cloud_api', { command: 'none' })).json).toMatchObject({ ret_code: 7 });
});
