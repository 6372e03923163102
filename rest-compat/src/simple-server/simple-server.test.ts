import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { failing } from '../testkit/fake.graph.js';
import { RestServer } from '../testkit/rest.server.js';
import { machinePage, sampleMachine } from '../testkit/samples.js';

let rest: RestServer;
beforeAll(async () => { rest = await RestServer.start(); });
afterAll(() => rest[Symbol.asyncDispose]());
beforeEach(() => {
  rest.graph.requests.length = 0;
  rest.graph.revisions.clear();
  rest.graph.state = { ready: true, message: 'OK' };
  rest.graph.fields = {
    logIn: ({ input }: { input: { username: string } }) =>
      ({ ticket: 't', csrfPreventionToken: 'c', expiresAt: '2026-01-31T10:00:00.000Z', user: { username: input.username } }),
    machines: () => machinePage([sampleMachine]),
  };
});

describe('status', () => {
  it('is 200 OK without a login', async () => {
    const answer = await rest.get('/api/status', {});
    expect([answer.status, answer.text]).toEqual([200, '{"code":200,"message":"OK"}']);
  });

  it('is HTTP 503 with what is down', { tags: ['simple-server/status/down'] }, async () => {
    rest.graph.state = { ready: false, message: 'machines does not answer' };
    const answer = await rest.get('/api/status', {});
    expect([answer.status, answer.json]).toEqual([503, { code: 503, message: 'machines does not answer' }]);
  });
});

describe('ticket', () => {
  it('answers the session', async () => {
    const { status, json } = await rest.post('/api/ticket', { username: 'user1', password: 'p' });
    expect(status).toBe(200);
    expect(json).toEqual({ data: { CSRFPreventionToken: 'c', ticket: 't', username: 'user1', expires_at: '2026-01-31T10:00:00.000Z' } });
  });

  it('does not look at a credential that is sent along, so an expired one is no hindrance', async () => {
    await rest.post('/api/ticket', { username: 'user1', password: 'p' }, { token: 'expired', 'x-auth-token': 'another' });
    expect(rest.graph.requests.at(-1)?.caller).not.toHaveProperty('credential');
  });

  it('answers a wrong login with HTTP 401 and empty data', async () => {
    rest.graph.fields['logIn'] = failing('wrong', { code: 'WRONG_CREDENTIALS' });
    const { status, text } = await rest.post('/api/ticket', { username: 'user1', password: 'p' });
    expect([status, text]).toEqual([401, '{"data":""}']);
  });

  it.each([{}, { username: 'user1' }, { username: 'user1', password: null }, { username: '', password: 'p' }])('says that a field is missing from %j', async (body) => {
    const { status, json } = await rest.post('/api/ticket', body);
    expect([status, json]).toEqual([400, { detail: 'Invalid request: missing username or password' }]);
    expect(rest.graph.requests).toHaveLength(0);
  });

  it('names a field of a wrong type', async () => {
    const { status, json } = await rest.post('/api/ticket', { username: 5, password: 'p' });
    expect([status, json]).toEqual([400, { detail: 'username: expected text, got 5' }]);
  });

  it('answers too many tries with HTTP 429 and when to come back', async () => {
    rest.graph.fields['logIn'] = failing('Too many logins', { code: 'TOO_MANY_LOGINS', retryAfterSeconds: 29.2 });
    const { status, json, headers } = await rest.post('/api/ticket', { username: 'user1', password: 'p' });
    expect([status, json, headers['retry-after']]).toEqual([429, { detail: 'Too many logins' }, '30']);
  });
});

describe('info', () => {
  it('shows the document’s fields first, then what else the record has', async () => {
    rest.graph.fields['machines'] = () => machinePage([
      { ...sampleMachine, attributes: JSON.parse('{"rack":"A3","id":999,"status":"hacked","__proto__":{"x":1}}') },
      { ...sampleMachine, id: '200', status: 'STOPPED', name: null, maxDiskBytes: null, attributes: { name: 7, maxdisk: 'large' } },
    ]);
    const { status, text } = await rest.get('/api/info', { 'x-auth-token': 't' });
    expect(status).toBe(200);
    expect(text).toBe('{"data":[{"id":100,"cpus":32,"status":"running","mem":11591667560,"GPU":"NVIDIA RTX4090","ip":"192.168.1.100","name":"Aimlab001","maxdisk":128849018880,"rack":"A3","__proto__":{"x":1}},'
      + '{"id":200,"cpus":32,"status":"stopped","mem":11591667560,"GPU":"NVIDIA RTX4090","ip":"192.168.1.100"}]}');
  });

  it('shows all machines however many pages they fill', async () => {
    rest.graph.fields['machines'] = ({ after }: { after?: string }) =>
      after === undefined ? machinePage([sampleMachine], 'a') : after === 'a' ? machinePage([{ ...sampleMachine, id: '101' }], 'b') : machinePage([{ ...sampleMachine, id: '102' }]);
    const { json } = await rest.get('/api/info', { token: 't' });
    expect(json.data.map((machine: { id: number }) => machine.id)).toEqual([100, 101, 102]);
  });

  it('answers HTTP 422 when no credential is sent, 401 when it is bad', async () => {
    const missing = await rest.get('/api/info', {});
    expect([missing.status, typeof missing.json.detail]).toEqual([422, 'string']);
    rest.graph.fields['machines'] = failing('no such ticket', { code: 'UNAUTHENTICATED' });
    const bad = await rest.get('/api/info', { 'x-auth-token': 'bad' });
    expect([bad.status, bad.json]).toEqual([401, { detail: 'Invalid or expired token' }]);
  });

  it('answers HTTP 503 when the subgraph does not', async () => {
    rest.graph.fields['machines'] = failing('machines is not available', { code: 'SUBGRAPH_UNAVAILABLE' });
    const { status, json } = await rest.get('/api/info', { token: 't' });
    expect([status, json]).toEqual([503, { detail: 'machines is not available' }]);
  });

  it('sends an answer again while its revision stands, to the same caller only', async () => {
    rest.graph.revisions.set('machines.inventory', '1');
    const first = await rest.get('/api/info', { token: 'alice' });
    const again = await rest.get('/api/info/?any=thing', { 'x-auth-token': 'alice' });
    expect(again.text).toBe(first.text);
    expect(again.headers['x-request-id']).not.toBe(first.headers['x-request-id']);
    expect(rest.graph.requests).toHaveLength(1);
    await rest.get('/api/info', { token: 'bob' });
    expect(rest.graph.requests).toHaveLength(2);
    await rest.get('/api/info', { token: 'alice', csrfpreventiontoken: 'wrong' });
    expect(rest.graph.requests).toHaveLength(3);
    rest.graph.revisions.set('machines.inventory', '2');
    await rest.get('/api/info', { token: 'alice' });
    expect(rest.graph.requests).toHaveLength(4);
  });

  it('keeps no failure, and nothing without a revision', async () => {
    rest.graph.revisions.set('machines.inventory', '3');
    rest.graph.fields['machines'] = failing('down', { code: 'SUBGRAPH_UNAVAILABLE' });
    await rest.get('/api/info', { token: 'carol' });
    rest.graph.fields['machines'] = () => machinePage([sampleMachine]);
    expect((await rest.get('/api/info', { token: 'carol' })).status).toBe(200);
    await rest.get('/api/info', { token: 'unknown' });
    await rest.get('/api/info', { token: 'unknown' });
    expect(rest.graph.requests).toHaveLength(4);
  });
});
