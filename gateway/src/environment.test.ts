import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { gatewaySettings, readGatewaySettings } from './environment.js';

test('the settings have the limits of the design where nothing is set', () => {
  expect(readGatewaySettings({}).limits).toEqual({
    bodyBytes: 2 * 1024 * 1024,
    values: 100_000,
    characters: 15_000,
    tokens: 1_000,
    depth: 10,
    aliases: 15,
    directives: 50,
    rootFields: 20,
    fieldComparisons: 10_000,
    cost: 5_000,
    planningMs: 500,
    responseBytes: 10 * 1024 * 1024,
    requestMs: 60_000,
  });
});

test('what is for developing is off in production unless it is switched on', () => {
  expect(readGatewaySettings({})).toMatchObject({ playground: true, introspection: true, production: false });
  expect(readGatewaySettings({ NODE_ENV: 'production' })).toMatchObject({ playground: false, introspection: false, production: true });
  expect(readGatewaySettings({ NODE_ENV: 'production', PLAYGROUND: 'true' })).toMatchObject({ playground: true, introspection: false });
  expect(readGatewaySettings({ INTROSPECTION: 'false' })).toMatchObject({ playground: true, introspection: false });
});

test('a value that is none is told with what was expected, a secret without its value', () => {
  expect(() => readGatewaySettings({ PLAYGROUND: 'maybe' })).toThrow('PLAYGROUND: expected true or false, got "maybe"; for example PLAYGROUND=true');
  expect(() => readGatewaySettings({ HUTONG_SECRET: 'guessed' })).toThrow('HUTONG_SECRET: expected at least 16 characters, got a value that is not shown');
});

test('every example of a setting is a value that works', () => {
  for (const [name, { example }] of Object.entries(gatewaySettings)) expect(() => readGatewaySettings({ HUTONG_SECRET: 'a-long-random-text', [name]: example })).not.toThrow();
});

test('the README lists every setting', async () => {
  const readme = await readFile(new URL('../README.md', import.meta.url), 'utf8');
  expect(Object.keys(gatewaySettings).filter((name) => !readme.includes(`\`${name}\``))).toEqual([]);
});

test('workers share no queries, as none knows what was changed through another', () => {
  expect(['1', '2'].map((HUTONG_WORKERS) => readGatewaySettings({ HUTONG_WORKERS }).subgraphSharedQueries)).toEqual([true, false]);
});

test('the URL of a subgraph needs a secret that every process has', () => {
  expect(() => readGatewaySettings({ SUBGRAPH_MACHINES_URL: 'http://10.0.0.7:4004' })).toThrow(/^HUTONG_SECRET: /);
});
