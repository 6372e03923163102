import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, posix } from 'node:path';
import { contracts } from '@hutong/rest-compat';
import { buildSchema, isIntrospectionType, isSpecifiedScalarType } from 'graphql';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { writeSite } from '../../docs/site/site.js';

// The reference that `npm run docs` writes: whole, in both languages, and readable without a network.

const REPOSITORY = join(import.meta.dirname, '../..');

let folder: string;
/** Every file of the reference, by its name. */
let files: Map<string, string>;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hutong-docs-'));
  const names = await writeSite(folder);
  files = new Map(await Promise.all(names.map(async (name) => [name, await readFile(join(folder, name), 'utf8')] as const)));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const pages = () => [...files].filter(([name]) => name.endsWith('.html'));
const read = (file: string) => readFile(join(REPOSITORY, file), 'utf8');

test('no link is broken, to a page or to a place on it', () => {
  const broken: string[] = [];
  let links = 0;
  for (const [name, html] of pages()) {
    for (const [, href] of html.matchAll(/ href="([^"]*)"/g)) {
      if (/^[a-z]+:/.test(href!)) continue;
      links += 1;
      const [path = '', anchor] = href!.split('#');
      const target = path === '' ? name : posix.join(posix.dirname(name), path);
      const text = files.get(target);
      if (text === undefined || (anchor !== undefined && !text.includes(` id="${anchor}"`))) broken.push(`${name}: ${href}`);
    }
  }
  expect(links).toBeGreaterThan(1_000);
  expect(broken).toEqual([]);
});

test('a page fetches nothing', () => {
  const fetching = pages().filter(([, html]) => /<(?:script|link|img|iframe|source)\b|@import|url\(/.test(html.replaceAll(/<pre>.*?<\/pre>/gs, '')));
  expect(fetching.map(([name]) => name)).toEqual([]);
});

test('each page is there in both languages, and leads to the other one', () => {
  const english = pages().map(([name]) => name).filter((name) => !name.startsWith('zh/'));
  expect(english.length).toBeGreaterThan(10);
  for (const name of english) {
    expect(files.get(`zh/${name}`), name).toMatch(/^<!doctype html>\n<html lang="zh-CN">/);
    expect(files.get(name), name).toContain(`href="${posix.relative(posix.dirname(name), `zh/${name}`)}"`);
  }
});

test('every operation, type, field and value of the graph is there', async () => {
  const schema = buildSchema(await read('schema/api.graphql'));
  const text = pages().filter(([name]) => name.startsWith('schema/')).map(([, html]) => html).join('\n');
  const types = Object.values(schema.getTypeMap()).filter((type) => !isIntrospectionType(type) && !isSpecifiedScalarType(type));
  const roots = [schema.getQueryType()!, schema.getMutationType()!, schema.getSubscriptionType()!];
  const sections = [
    ...roots.flatMap((root) => Object.keys(root.getFields())),
    ...types.map(({ name }) => name).filter((name) => !roots.some((root) => root.name === name)),
  ];
  expect(sections.filter((name) => !text.includes(`<section id="${name}">`))).toEqual([]);
  const names = types.flatMap((type) => ('getFields' in type ? Object.keys(type.getFields()) : 'getValues' in type ? type.getValues().map(({ name }) => name) : []));
  expect(names.filter((name) => !text.includes(`<code>${name}</code>`))).toEqual([]);
});

test('the codes of failures are there with their meanings, also where a success has the same status', () => {
  const told = contracts.flatMap(({ name, guide }) => Object.entries(guide.numbers).filter(([number]) => files.get(`contracts/${name}.openapi.json`)!.includes(`- ${number}: `)).map(([number, { en }]) => ({ name, text: `${number}: ${en}` })));
  expect(told.length).toBeGreaterThan(20);
  expect(told.filter(({ name, text }) => !files.get(`contracts/${name}.html`)!.includes(text))).toEqual([]);
});

test('every route of the contracts, error code and setting is there', async () => {
  for (const { name, prefix, routes } of contracts) {
    const html = files.get(`contracts/${name}.html`)!;
    for (const { path } of routes) expect(html, name).toContain(`<code>${prefix}${path.replaceAll(/:(\w+)/g, '{$1}')}`.replace(/\/$/, ''));
  }
  const codes = [...(await read('schema/errors.md')).matchAll(/^\| `([A-Z_]+)`/gm)].map(([, code]) => code!);
  expect(codes.filter((code) => !files.get('errors.html')!.includes(`<code>${code}</code>`))).toEqual([]);
  for (const [readme, page] of [['README.md', 'settings.html'], ['README.zh.md', 'zh/settings.html']] as const) {
    const settings = [...(await read(readme)).matchAll(/^\| `([A-Z][A-Z0-9_]+)` \|/gm)].map(([, name]) => name!);
    expect(settings.length).toBeGreaterThan(50);
    expect(settings.filter((name) => !files.get(page)!.includes(`<code>${name}</code>`))).toEqual([]);
  }
});
