import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { contracts } from '../contracts.js';
import { RestServer } from '../testkit/rest.server.js';

let rest: RestServer;
beforeAll(async () => { rest = await RestServer.start({ playground: '/' }); });
afterAll(() => rest[Symbol.asyncDispose]());

describe('/docs', () => {
  it('shows all contracts together, and each by itself, to anybody', async () => {
    const { status, headers, text } = await rest.get('/docs', {});
    expect(status).toBe(200);
    expect(headers['content-type']).toBe('text/html; charset=utf-8');
    for (const address of ['/openapi.json', ...contracts.map(({ name }) => `/openapi/${name}.json`)]) expect(text).toContain(`"${address}?lang=en"`);
  });

  it('is in English, or in Chinese for who asks for it or prefers it, with the other a click away', async () => {
    const pages = [await rest.get('/docs?lang=zh', {}), await rest.get('/docs', { 'accept-language': 'zh-CN,zh;q=0.9' })];
    for (const { text, headers } of pages) {
      expect(headers['content-language']).toBe('zh');
      expect(text).toContain('<html lang="zh-CN">');
      expect(text).toContain('<a href="?lang=en" lang="en" hreflang="en">English</a>');
      expect(text).toContain('"/openapi.json?lang=zh"');
      expect(text).toContain('"localization":{"locale":"zh-CN"}');
    }
    expect((await rest.get('/docs', {})).text).toContain('<a href="?lang=zh" lang="zh-CN" hreflang="zh-CN">中文</a>');
  });

  it('takes scripts of our own origin alone, and is in no frame', async () => {
    const first = await rest.get('/docs', {});
    const policy = String(first.headers['content-security-policy']);
    const nonce = /'nonce-([^']+)'/.exec(policy)?.[1];
    expect(policy).toContain(`default-src 'none'; script-src 'self' 'nonce-${nonce}'; `);
    expect(policy).toContain("frame-ancestors 'none'");
    expect(first.text.match(/<script/g)).toHaveLength(first.text.match(new RegExp(`<script nonce="${nonce!.replaceAll(/[+/=]/g, '.')}"`, 'g'))!.length);
    expect(first.text).not.toMatch(/https?:\/\//);
    expect((await rest.get('/docs', {})).headers['content-security-policy']).not.toBe(policy);
  });

  it('leads back to the playground where there is one', async () => {
    expect((await rest.get('/docs', {})).text).toContain('<a href="/">GraphQL playground</a>');
    await using alone = await RestServer.start();
    expect((await alone.get('/docs', {})).text).not.toContain('playground');
  });

  it('has its viewer from us, compressed where that is taken, and not again for who has it', async () => {
    const plain = await rest.get('/docs/viewer.js', {});
    expect(plain.status).toBe(200);
    expect(plain.headers['content-type']).toMatch(/^text\/javascript/);
    expect(plain.text).toContain('createApiReference');
    const url = `http://127.0.0.1:${rest.port}/docs/viewer.js`;
    const compressed = await fetch(url, { headers: { 'accept-encoding': 'gzip' } });
    expect(compressed.headers.get('content-encoding')).toBe('gzip');
    expect(await compressed.text()).toBe(plain.text);
    expect((await rest.get('/docs/viewer.js', { 'if-none-match': plain.headers.etag! })).status).toBe(304);
  });
});
