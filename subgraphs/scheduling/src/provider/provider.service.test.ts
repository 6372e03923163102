import { createHmac } from 'node:crypto';
import { Client } from 'pg';
import { afterAll, beforeAll, beforeEach, expect, onTestFinished, test } from 'vitest';
import { openSubgraph, silentLog } from '@hutong/common';
import { schedulingWith } from '../subgraph.js';
import { answers, webhookServer, type WebhookServer } from '../testkit/webhook.server.js';
import { Actor, openScheduling, testSettings, type TestScheduling } from '../testkit/scheduling.actor.js';
import { COMPUTING_ID } from '../testkit/registry.stand-in.js';

const SECRET = 'a webhook secret 互通';

let house: TestScheduling;
let admin: Actor;
let alice: Actor;
let server: WebhookServer;
let organization: string;
let nextOrganization = 20_004;
beforeAll(async () => {
  house = await openScheduling();
  admin = new Actor(house.subgraph, { roles: ['ADMIN'] });
  server = await webhookServer();
});
afterAll(async () => {
  await server.stop();
  await house.subgraph.stop();
});
beforeEach(() => {
  alice = new Actor(house.subgraph);
  organization = String(nextOrganization++);
  house.registry.add(1, { organization });
});

async function stored(): Promise<string> {
  const client = new Client({ connectionString: house.subgraph.databaseUrl });
  await client.connect();
  const { rows } = await client.query('select webhook_secret from scheduling.provider where organization = $1', [organization]);
  await client.end();
  return rows[0].webhook_secret;
}

test('a provider with a webhook gives out the URL, and is called with what the contract says', async () => {
  server.behave(answers(200, '{"url":"https://provider.example/session/1?a=b"}'));
  await admin.saveProvider({ organization, webhookUrl: server.url, webhookSecret: SECRET, urlTemplate: 'https://unused.example' });
  const template = { gpu_available: 1, 备注: '训练' };
  const { id } = await alice.submit(template);
  expect((await alice.choose(id, 1)).resourceUrl).toBe('https://provider.example/session/1?a=b');
  const [{ body, headers }] = server.received as [(typeof server.received)[0]];
  expect(JSON.parse(body)).toEqual({ task_id: Number(id), computing_resource_id: 1, computing_id: COMPUTING_ID, template });
  expect(headers['x-hutong-signature']).toBe(`sha256=${createHmac('sha256', SECRET).update(`${String(headers['x-hutong-timestamp'])}.${body}`).digest('hex')}`);
  expect(house.registry.heldOn(1)).toContain(headers['idempotency-key']);
});

test('a provider that refuses costs nothing: the reservation is given back and the task says why', async () => {
  server.behave(answers(403, ''));
  await admin.saveProvider({ organization, webhookUrl: server.url, webhookSecret: SECRET });
  const { id } = await alice.submit({ gpu_available: 1 });
  const free = house.registry.resources.get(1)!.gpu;
  await expect(alice.choose(id, 1)).rejects.toThrow('PROVIDER_REFUSED');
  expect(await alice.task(id)).toMatchObject({ state: 'FAILED', stateReason: `the provider ${organization} refused the task: its webhook answered 403` });
  expect(house.registry.resources.get(1)!.gpu).toBe(free);
});

test('without a webhook the URL template is filled', async () => {
  await admin.saveProvider({ organization, urlTemplate: 'https://gate.example/{ip}/{port}/{task_id}/{computing_resource_id}/{computing_id}' });
  const { id } = await alice.submit({});
  expect((await alice.choose(id, 1)).resourceUrl).toBe(`https://gate.example/192.168.1.1/80/${id}/1/${COMPUTING_ID}`);
});

test('a template that names no address needs none', async () => {
  await admin.saveProvider({ organization, urlTemplate: 'https://gate.example/{task_id}' });
  house.registry.add(1, { organization, ips: '', ports: '' });
  const { id } = await alice.submit({});
  expect((await alice.choose(id, 1)).resourceUrl).toBe(`https://gate.example/${id}`);
});

test('what is left out stays, and null clears it', async () => {
  const saved = await admin.saveProvider({ organization, webhookUrl: server.url, webhookSecret: SECRET, allocationTimeoutSeconds: 9 });
  expect(saved).toEqual({ organization: { id: `ORGANIZATION:${organization}` }, urlTemplate: null, webhookUrl: server.url, allocationTimeoutSeconds: 9 });
  expect(await admin.saveProvider({ organization, urlTemplate: 'https://gate.example/{ip}' })).toEqual({ ...saved, urlTemplate: 'https://gate.example/{ip}' });
  expect(await admin.saveProvider({ organization, webhookUrl: null, webhookSecret: null, allocationTimeoutSeconds: null })).toMatchObject({ webhookUrl: null, urlTemplate: 'https://gate.example/{ip}', allocationTimeoutSeconds: 5 });
});

test('two who save the same new provider at once both succeed', async () => {
  await Promise.all([admin.saveProvider({ organization, urlTemplate: 'https://a.example' }), admin.saveProvider({ organization, allocationTimeoutSeconds: 3 })]);
  const { data } = await admin.ask('{ providers { organization { id } urlTemplate allocationTimeoutSeconds } }');
  expect(data.providers.filter((row: { organization: { id: string } }) => row.organization.id.endsWith(organization))).toEqual([
    { organization: { id: `ORGANIZATION:${organization}` }, urlTemplate: 'https://a.example', allocationTimeoutSeconds: 3 },
  ]);
});

test('input that does not fit is refused with its field', async () => {
  const cases: [Record<string, unknown>, string][] = [
    [{ organization: '2000' }, 'input.organization'],
    [{ organization: '20004 ' }, 'input.organization'],
    [{ urlTemplate: 'http://{host}/' }, 'input.urlTemplate'],
    [{ webhookUrl: 'gopher://x.example', webhookSecret: SECRET }, 'input.webhookUrl'],
    [{ webhookUrl: 'https://x.example/#a', webhookSecret: SECRET }, 'input.webhookUrl'],
    [{ webhookUrl: 'https://u:p@x.example/', webhookSecret: SECRET }, 'input.webhookUrl'],
    [{ webhookUrl: 'http://10.0.0.1/', webhookSecret: SECRET }, 'input.webhookUrl'],
    [{ webhookUrl: 'http://[::1]/', webhookSecret: SECRET }, 'input.webhookUrl'],
    [{ webhookUrl: 'http://169.254.169.254/latest', webhookSecret: SECRET }, 'input.webhookUrl'],
    [{ webhookUrl: 'https://x.example/' }, 'input.webhookSecret'],
    [{ webhookSecret: 'short' }, 'input.webhookSecret'],
    [{ webhookSecret: 'x'.repeat(256) }, 'input.webhookSecret'],
    [{ webhookSecret: 'a secret with \0 in it' }, 'input.webhookSecret'],
    [{ allocationTimeoutSeconds: 0 }, 'input.allocationTimeoutSeconds'],
    [{ allocationTimeoutSeconds: 21 }, 'input.allocationTimeoutSeconds'],
    [{ allocationTimeoutSeconds: 2 ** 31 }, 'input.allocationTimeoutSeconds'],
  ];
  for (const [input, field] of cases) await expect(admin.saveProvider({ organization, ...input }), JSON.stringify(input)).rejects.toMatchObject({ code: 'BAD_INPUT', field });
  const { data } = await admin.ask('{ providers { organization { id } } }');
  expect(JSON.stringify(data)).not.toContain(organization);
});

test('only an admin saves; a provider sees its own organization, an admin all, a member none', async () => {
  await admin.saveProvider({ organization, urlTemplate: 'https://gate.example' });
  const provider = new Actor(house.subgraph, { roles: ['PROVIDER'], organization });
  const stranger = new Actor(house.subgraph, { roles: ['PROVIDER'], organization: '99999' });
  await expect(provider.saveProvider({ organization, urlTemplate: null })).rejects.toThrow('FORBIDDEN');
  const list = async (as: Actor) => as.ask('{ providers { organization { id } } }');
  expect((await list(provider)).data.providers).toEqual([{ organization: { id: `ORGANIZATION:${organization}` } }]);
  expect((await list(stranger)).data.providers).toEqual([]);
  expect((await list(alice)).errors[0]?.extensions.code).toBe('FORBIDDEN');
});

test('the secret is in no answer, no audit record and not readable in the database', async () => {
  await admin.saveProvider({ organization, webhookUrl: server.url, webhookSecret: SECRET });
  expect(await stored()).toMatch(/^gcm:/);
  expect(await stored()).not.toContain(SECRET);
  expect(JSON.stringify(house.subgraph.audited)).not.toContain(SECRET);
  expect(house.subgraph.sdl).not.toMatch(/type Provider[^}]*[sS]ecret/);
});

test('a secret that was encrypted under another platform secret is not signed with: the failure says what to do', async () => {
  server.behave(answers(200, '{"url":"https://provider.example/1"}'));
  await admin.saveProvider({ organization, webhookUrl: server.url, webhookSecret: SECRET });
  const other = await openSubgraph(schedulingWith(() => testSettings()), { databaseUrl: house.subgraph.databaseUrl, secret: 'another platform secret', peers: house.registry, keepAudit: async () => {}, log: silentLog });
  onTestFinished(() => other.stop());
  const { id } = await alice.submit({});
  const document = `mutation { chooseTaskPath(input: { taskId: "${id}", computingResourceId: "1", accept: true }) { id } }`;
  const { errors } = await other.connection.execute({ document, variables: {}, caller: alice.as, origin: 'client', requestId: 'x', signal: new AbortController().signal });
  expect(errors?.[0]?.message).toContain('its secret cannot be read any more; save it again');
  expect(server.received).toHaveLength(0);
});
