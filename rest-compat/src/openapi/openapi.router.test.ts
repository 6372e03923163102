import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { contracts } from '../contracts.js';
import { RestServer } from '../testkit/rest.server.js';
import type { OpenApiDocument } from './document.types.js';

let rest: RestServer;
beforeAll(async () => { rest = await RestServer.start(); });
afterAll(() => rest[Symbol.asyncDispose]());

async function documentAt(path: string, headers: Record<string, string> = {}): Promise<OpenApiDocument> {
  const { status, text } = await rest.get(path, headers);
  expect(status).toBe(200);
  return JSON.parse(text) as OpenApiDocument;
}

describe('/openapi.json', () => {
  it('says the request id with every answer, whatever the method', async () => {
    for (const method of ['GET', 'HEAD', 'OPTIONS']) {
      const { headers } = await rest.send({ method, path: '/openapi.json', headers: { 'x-request-id': 'mine' } });
      expect(headers['x-request-id'], method).toBe('mine');
    }
  });

  it('describes every contract, and /openapi/<contract>.json one of them, to anybody', async () => {
    const all = await documentAt('/openapi.json');
    const paths: string[] = [];
    for (const { name, prefix } of contracts) {
      const own = Object.keys((await documentAt(`/openapi/${name}.json`)).paths);
      expect(own.every((path) => path.startsWith(prefix))).toBe(true);
      paths.push(...own);
    }
    expect(paths).toEqual(Object.keys(all.paths));
  });

  it('speaks the language that ?lang= names, else one that the reader prefers, else English', async () => {
    const words = async (search: string, accepted?: string) => (await documentAt(`/openapi/cloud-api.json${search}`, accepted === undefined ? {} : { 'accept-language': accepted })).info.description;
    expect(await words('')).toContain('Virtual machines');
    expect(await words('', 'zh-CN,zh;q=0.9,en;q=0.8')).toContain('虚拟机');
    expect(await words('', 'fr')).toContain('Virtual machines');
    expect(await words('?lang=en', 'zh')).toContain('Virtual machines');
    expect(await words('?lang=zh', 'en')).toContain('虚拟机');
    expect(await words('?lang=fr')).toContain('Virtual machines');
  });

  it('is not sent again to who has it', async () => {
    const { headers } = await rest.get('/openapi.json', {});
    const again = await rest.get('/openapi.json', { 'if-none-match': headers.etag! });
    expect(again.status).toBe(304);
    expect(again.text).toBe('');
    expect((await rest.get('/openapi.json?lang=zh', { 'if-none-match': headers.etag! })).status).toBe(200);
  });

  it('names servers by no host, so that it is right behind any', async () => {
    expect((await documentAt('/openapi.json')).servers.map(({ url }) => url)).toEqual(['/']);
  });
});
