import { createHmac } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { freePort } from '../testkit/free-port.js';
import { interconnectWorld, type InterconnectWorld } from '../testkit/interconnect.world.js';
import { SAMPLE_IDENTIFIER, SAMPLE_ORGANIZATION } from '../testkit/sample.js';
import { allocates, answers, WebhookServer, type WebhookBehaviour } from '../testkit/webhook.server.js';

// How the address of a resource comes from its provider: webhook, URL template, or the report itself.

const SECRET = 'a webhook secret of the test: 密钥';

let world: InterconnectWorld;
let webhook: WebhookServer;
beforeAll(async () => {
  world = await interconnectWorld({ environment: { SCHEDULING_WEBHOOK_ALLOWED_NETWORKS: '127.0.0.0/8' } });
  webhook = await WebhookServer.start();
});
afterAll(async () => {
  await webhook?.[Symbol.asyncDispose]();
  await world?.platform.dispose();
});

const resetsConnection: WebhookBehaviour = (response) => void response.socket?.resetAndDestroy();
const neverAnswers: WebhookBehaviour = () => undefined;

const SAVE = 'mutation ($input: SaveProviderInput!) { saveProvider(input: $input) { organization { code } urlTemplate webhookUrl allocationTimeoutSeconds } }';
const save = (input: Record<string, unknown>) => world.root.graph(SAVE, { input: { organization: SAMPLE_ORGANIZATION, ...input } });
const offered = () => world.offered({ gpu_available: 1 }, { gpu_available: 1 });

async function taskOf(taskId: number): Promise<{ state: string; resourceUrl: string | null }> {
  return (await world.alice.ask('query ($id: ID!) { task(id: $id) { state resourceUrl } }', { id: String(taskId) })).task;
}

describe('the webhook of a provider', () => {
  beforeAll(async () => {
    const { errors } = await save({ webhookUrl: webhook.url, webhookSecret: SECRET, allocationTimeoutSeconds: 1 });
    expect(errors).toEqual([]);
  });
  beforeEach(() => webhook.behave(allocates('https://provider.example/job/1?token=a%20b')));

  test('is asked once, with a body that its signature proves, and its URL is the answer', { tags: ['interconnect/5/webhook', 'interconnect/5/webhook-body', 'interconnect/5/signature', 'interconnect/5/idempotency', 'interconnect/5/webhook-answer', 'interconnect/5/url'] }, async () => {
    const { taskId, resourceId, model } = await offered();
    const { body } = await world.choose(taskId, resourceId);
    expect(body).toEqual({ code: 0, message: 'ok', data: { computing_resource_url: 'https://provider.example/job/1?token=a%20b' } });
    expect(webhook.requests).toHaveLength(1);
    const [{ method, path, headers, raw }] = webhook.requests as [(typeof webhook.requests)[0]];
    expect([method, path]).toEqual(['POST', '/allocate']);
    expect(headers['content-type']).toMatch(/^application\/json/);
    expect(JSON.parse(raw)).toEqual({ task_id: taskId, computing_resource_id: resourceId, computing_id: SAMPLE_IDENTIFIER, template: { gpu_model: model, gpu_available: 1 } });
    const timestamp = headers['x-hutong-timestamp'] as string;
    expect(timestamp).toMatch(/^\d{10}$/);
    expect(Math.abs(Date.now() / 1_000 - Number(timestamp))).toBeLessThan(60);
    expect(headers['x-hutong-signature']).toBe(`sha256=${createHmac('sha256', SECRET).update(`${timestamp}.${raw}`).digest('hex')}`);
    expect(headers['idempotency-key']).toMatch(/\S{8,}/);
  });

  test('is not asked again when the same choice is sent again', { tags: ['interconnect/5/same-again', 'interconnect/5/recorded'] }, async () => {
    const { taskId, resourceId } = await offered();
    const first = (await world.choose(taskId, resourceId)).body;
    expect((await world.choose(taskId, resourceId)).body).toEqual(first);
    expect(webhook.requests).toHaveLength(1);
    expect(await taskOf(taskId)).toEqual({ state: 'ALLOCATED', resourceUrl: 'https://provider.example/job/1?token=a%20b' });
  });

  test('is tried again with the same key after it fails, and then its URL is the answer', { tags: ['interconnect/5/retries', 'interconnect/5/idempotency'] }, async () => {
    webhook.behave(answers(503, 'busy'), (response) => void response.destroy(), allocates('http://10.0.0.1/'));
    const { taskId, resourceId } = await offered();
    expect((await world.choose(taskId, resourceId)).body).toMatchObject({ code: 0, data: { computing_resource_url: 'http://10.0.0.1/' } });
    expect(webhook.requests).toHaveLength(3);
    expect(new Set(webhook.requests.map(({ headers }) => headers['idempotency-key'])).size).toBe(1);
  });

  test('is asked under another key for another choice', async () => {
    for (let n = 0; n < 2; n++) {
      const { taskId, resourceId } = await offered();
      expect((await world.choose(taskId, resourceId)).body.code).toBe(0);
    }
    expect(new Set(webhook.requests.map(({ headers }) => headers['idempotency-key'])).size).toBe(2);
  });

  test.each([
    ['refuses with 403', answers(403, { error: 'no' }), 1],
    ['redirects', answers(302, '', { location: 'http://127.0.0.1:1/' }), 1],
    ['answers rubbish', answers(200, '<html>'), 1],
    ['answers no url', answers(200, { address: 'http://10.0.0.1' }), 1],
    ['answers a url that is none', answers(200, { url: 'javascript:alert(1)' }), 1],
    ['answers a number', answers(200, { url: 7 }), 1],
    ['fails every time', answers(500, 'oops'), 3],
    ['resets every connection', resetsConnection, 3],
    ['never answers', neverAnswers, 3],
  ])('that %s makes the choice 409, and what was reserved is given back', { tags: ['interconnect/5/retries', 'interconnect/5/webhook-answer'] }, async (_, behaviour, tries) => {
    webhook.behave(behaviour);
    const { taskId, resourceId } = await offered();
    const { body } = await world.choose(taskId, resourceId);
    expect(body).toEqual({ code: 409, message: expect.any(String), data: {} });
    expect(body.message).not.toContain(SECRET);
    expect(webhook.requests).toHaveLength(tries);
    expect(await world.reserved(resourceId)).toEqual({ gpu: 0, cpu: 0 });
    webhook.behave(allocates('http://10.0.0.2/'));
    expect((await world.choose(taskId, resourceId)).body, 'the task can be given to the same resource afterwards').toMatchObject({ code: 0 });
  });

  test('that cannot be reached makes the choice 409', async () => {
    expect((await save({ webhookUrl: `http://127.0.0.1:${await freePort()}/gone` })).errors).toEqual([]);
    const { taskId, resourceId } = await offered();
    expect((await world.choose(taskId, resourceId)).body).toMatchObject({ code: 409, data: {} });
    expect(await world.reserved(resourceId)).toEqual({ gpu: 0, cpu: 0 });
    expect((await save({ webhookUrl: webhook.url })).errors).toEqual([]);
  });

  test.each(['http://10.0.0.1/', 'http://192.168.1.1:8080/', 'http://[::1]/', 'http://169.254.169.254/latest/meta-data/', 'http://0.0.0.0/', 'http://[::ffff:10.0.0.1]/', 'http://localhost.localdomain:1/'])(
    'on a private address that no setting allows (%s) is never called',
    async (webhookUrl) => {
      const { errors } = await save({ webhookUrl });
      if (errors.length > 0) return expect(errors[0]!.extensions).toMatchObject({ code: 'BAD_INPUT', field: 'input.webhookUrl' });
      const { taskId, resourceId } = await offered();
      expect((await world.choose(taskId, resourceId)).body).toMatchObject({ code: 409 });
    },
  );

  test.each(['ftp://example.org/', 'https://user:password@example.org/', 'example.org', '', 'javascript:alert(1)', 'http://', 'x'.repeat(10_000)])('cannot be saved as %.60j', async (webhookUrl) => {
    const { errors } = await save({ webhookUrl });
    expect(errors[0]?.extensions).toMatchObject({ code: 'BAD_INPUT', field: 'input.webhookUrl' });
  });

  test('needs a secret of some length, which nobody is ever shown', async () => {
    expect((await save({ webhookSecret: 'short' })).errors[0]?.extensions).toMatchObject({ code: 'BAD_INPUT', field: 'input.webhookSecret' });
    const shown = await world.root.ask('{ providers { organization { code name } urlTemplate webhookUrl allocationTimeoutSeconds } __type(name: "Provider") { fields { name } } }');
    expect(JSON.stringify(shown)).not.toContain(SECRET);
    expect(shown.__type.fields.map(({ name }: { name: string }) => name)).not.toContain('webhookSecret');
    expect(world.platform.output()).not.toContain(SECRET);
  });
});

describe('the URL template of a provider', () => {
  beforeAll(async () => {
    expect((await save({ webhookUrl: null })).errors).toEqual([]);
  });

  test.each([
    ['https://{ip}:{port}/tasks/{task_id}/{computing_resource_id}?id={computing_id}', { network_ips_available: '10.0.0.7', network_ports: '9000-9100' }, (task: number, resource: number) => `https://10.0.0.7:9000/tasks/${task}/${resource}?id=${SAMPLE_IDENTIFIER}`],
    ['http://{ip}/', { network_ips_available: '2001:db8::7' }, () => 'http://[2001:db8::7]/'],
    ['https://gateway.example/{task_id}', { network_ips_available: '', network_ports: '' }, (task: number) => `https://gateway.example/${task}`],
  ])('%s is filled in', { tags: ['interconnect/5/template', 'interconnect/5/ipv6', 'interconnect/5/port-range'] }, async (urlTemplate, over, expected) => {
    expect((await save({ urlTemplate })).errors).toEqual([]);
    const { taskId, resourceId } = await world.offered(over);
    expect((await world.choose(taskId, resourceId)).body).toMatchObject({ code: 0, data: { computing_resource_url: expected(taskId, resourceId) } });
  });

  test('that needs an address which the resource has not is 409', { tags: ['interconnect/5/no-address'] }, async () => {
    expect((await save({ urlTemplate: 'http://{ip}:{port}/' })).errors).toEqual([]);
    const { taskId, resourceId } = await world.offered({ network_ips_available: '' });
    expect((await world.choose(taskId, resourceId)).body).toMatchObject({ code: 409, data: {} });
  });

  test.each(['http://{host}/', 'ftp://{ip}/', '{ip}', 'http://{ip', 'javascript:{ip}'])('cannot be saved as %s', async (urlTemplate) => {
    expect((await save({ urlTemplate })).errors[0]?.extensions).toMatchObject({ code: 'BAD_INPUT', field: 'input.urlTemplate' });
  });

  test('taken away leaves the address of the report', { tags: ['interconnect/5/first-address'] }, async () => {
    expect((await save({ urlTemplate: null })).errors).toEqual([]);
    const { taskId, resourceId } = await world.offered({ network_ips_available: '10.0.0.8', network_ports: '81' });
    expect((await world.choose(taskId, resourceId)).body).toMatchObject({ code: 0, data: { computing_resource_url: 'http://10.0.0.8:81' } });
  });
});
