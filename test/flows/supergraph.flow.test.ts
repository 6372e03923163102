import { mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { interconnectWorld, type InterconnectWorld } from '../testkit/interconnect.world.js';
import { until } from '../testkit/processes.js';
import { subscribe } from '../testkit/subscription.js';

const FIELD = '  """When it was last used, to the minute; null: never."""\n  lastUsedAt: DateTime\n';

let world: InterconnectWorld;
let folder: string;
let file: string;
let whole: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'hutong-supergraph-'));
  file = path.join(folder, 'supergraph.graphql');
  whole = await readFile(path.join(import.meta.dirname, '../../schema/supergraph.graphql'), 'utf8');
  await writeFile(file, whole);
  world = await interconnectWorld({ environment: { SUPERGRAPH_FILE: file, LOG_LEVEL: 'info' } });
});
afterAll(async () => {
  await world?.platform.dispose();
  await rm(folder, { recursive: true });
});

/** As editors and deployments do it. */
async function replace(text: string): Promise<void> {
  await writeFile(`${file}.new`, text);
  await rename(`${file}.new`, file);
}

const fieldsOfToken = async (): Promise<string[]> => {
  const { __type } = await world.alice.ask('{ __type(name: "ApiToken") { fields { name } } }');
  return __type.fields.map(({ name }: { name: string }) => name);
};
/** How often the log says so. */
const times = (line: string) => world.platform.output().split(line).length - 1;

const IN_USE = 'the supergraph has changed and is in use';
const REFUSED = 'what was read is refused, and what was in use before stays';
const UNCHANGED = 'the supergraph is read again: nothing has changed';

test('another supergraph is in use when the file is replaced, while requests are answered and a subscription goes on', async () => {
  const { alice, platform } = world;
  const changes = await subscribe(alice, 'subscription { taskChanged { id state task { id chosen { gpuModel } } } }');
  expect(await fieldsOfToken()).toContain('lastUsedAt');
  let stop = false;
  let answered = 0;
  const asking = (async () => {
    while (!stop) {
      expect((await alice.ask('{ me { username } tasks(first: 1) { totalCount } }')).me.username).toBe('alice');
      expect((await alice.interconnect('GET', 'computing_resources/?page=1&page_size=10')).body).toMatchObject({ code: 0 });
      answered++;
    }
  })();
  for (const text of [whole.replace(FIELD, ''), whole, whole.replace(FIELD, '')]) {
    const before = times(IN_USE);
    await replace(text);
    await until('the new supergraph', () => times(IN_USE) === before + 1);
  }
  stop = true;
  await asking;
  expect(answered).toBeGreaterThan(0);
  expect(await fieldsOfToken()).not.toContain('lastUsedAt');
  const { taskId } = await world.offered();
  const events = await changes.until(1);
  expect(events[0].taskChanged.task.id).toBe(String(taskId));
  expect([changes.errors, times(REFUSED)]).toEqual([[], 0]);
  await changes.end();
  expect(platform.output()).toContain('"removed":{"count":1,"fields":["ApiToken.lastUsedAt"]}');
});

test('one that cannot be used is refused, and the one before stays', async () => {
  const fields = await fieldsOfToken();
  await replace('type Query {');
  await until('its refusal', () => times(REFUSED) === 1);
  // A field that an operation of a contract asks for.
  await replace(whole.replaceAll('unreserved', 'renamed').replaceAll('gpuModel', 'model'));
  await until('its refusal', () => times(REFUSED) === 2);
  expect(world.platform.output()).toMatch(/The stored operation \w+ does not fit the graph/);
  expect(await fieldsOfToken()).toEqual(fields);
});

test('SIGHUP reads it again and ends nothing', async () => {
  await replace(whole);
  await until('the new supergraph', async () => (await fieldsOfToken()).includes('lastUsedAt'));
  const { platform } = world;
  const pid = platform.pidOf('gateway');
  const before = times(UNCHANGED);
  process.kill(platform.pid, 'SIGHUP');
  await until('it to be read again', () => times(UNCHANGED) > before);
  expect((await fetch(`${platform.url}/readyz`)).ok).toBe(true);
  expect(platform.pidOf('gateway')).toBe(pid);
});
