import { contracts, openApi, type Operation } from '@hutong/rest-compat';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { admin, logIn, type Actor } from '../testkit/actor.js';
import { sendAs, type HttpAnswer } from '../testkit/http.js';
import { startPlatform, type Platform } from '../testkit/platform.js';

// The examples of the OpenAPI documents, sent as they stand there. The test kit holds each answer against the document.

interface ExampleRequest {
  name: string;
  method: string;
  path: string;
  type: string | undefined;
  body: Record<string, unknown> | undefined;
}

const ANY_ID = '8f14e45f-ceea-467f-a8f1-0d1d2c9c2a10';
const examples = Object.entries(openApi(contracts).paths)
  .filter(([path]) => !path.includes('/annotations'))
  .flatMap(([path, methods]) => Object.entries(methods).flatMap(([method, operation]) => requests(path, method.toUpperCase(), operation)));

function requests(template: string, method: string, { parameters = [], requestBody }: Operation): ExampleRequest[] {
  const query = new URLSearchParams(parameters.flatMap(({ name, example }) => (example === undefined ? [] : [[name, String(example as string | number)] as [string, string]])));
  const path = template.replace('{id}', ANY_ID) + (query.size > 0 ? `?${query.toString()}` : '');
  const contents = Object.entries(requestBody?.content ?? {}).filter(([type]) => type !== 'multipart/form-data');
  if (contents.length === 0) return requestBody ? [] : [{ name: `${method} ${template}`, method, path, type: undefined, body: undefined }];
  return contents.flatMap(([type, { examples: samples = {} }]) =>
    Object.entries(samples).map(([key, { value }]) => ({ name: `${method} ${template} ${key}`, method, path, type, body: value as Record<string, unknown> })));
}

function encoded({ type, body }: ExampleRequest): string | undefined {
  if (body === undefined) return undefined;
  return type === 'application/x-www-form-urlencoded' ? new URLSearchParams(body as Record<string, string>).toString() : JSON.stringify(body);
}

const isSuccess = ({ status, json }: HttpAnswer): boolean => status === 200 && (json.code === undefined || json.code === 0 || json.code === 200) && (json.ret_code ?? 0) === 0;
/** Needs nothing that the platform of this test does not have. */
const succeeds = ({ path, method }: ExampleRequest): boolean => path.startsWith('/api/') || (path.startsWith('/ai_arts/') && method === 'GET' && !path.includes(ANY_ID));

let platform: Platform;
let root: Actor;
beforeAll(async () => {
  platform = await startPlatform();
  root = await admin(platform);
  await root.ask('mutation ($input: CreateUserInput!) { createUser(input: $input) { id } }', { input: { username: 'user1', password: 'A1B2C3D4E5F6G7H8I9HD', roles: ['MEMBER'] } });
});
afterAll(() => platform?.dispose());

describe('the examples of the documents', () => {
  test('there is one for every operation that takes a query or a body of texts', () => {
    expect(examples.length).toBeGreaterThan(40);
  });

  // In the order of the documents: what one registers, the next reports.
  test.each(examples)('$name is answered as documented', async (example) => {
    const { method, path, type } = example;
    const answer = await sendAs(root, { method, path, body: encoded(example), headers: type === undefined ? {} : { 'content-type': type } });
    expect(answer.status, answer.text).not.toBe(500);
    if (succeeds(example)) expect(isSuccess(answer), answer.text).toBe(true);
    if (path === '/api/ticket') await expect(logIn(platform, 'user1', String(example.body!['password']))).resolves.toMatchObject({ username: 'user1' });
  });

  test('the documents are served with them, by whatever serves the contracts', async () => {
    for (const origin of new Set([platform.url, platform.legacyUrl])) {
      const response = await fetch(`${origin}/openapi.json`);
      expect(await response.json()).toEqual(JSON.parse(JSON.stringify(openApi(contracts))));
      expect((await fetch(`${origin}/docs`)).status).toBe(200);
    }
  });
});
