import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { buildSchema, isNonNullType } from 'graphql';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { actor, admin, type Actor } from '../testkit/actor.js';
import { badValuesFor } from '../testkit/bad-values.js';
import { graphBody } from '../testkit/graph-request.js';
import { sendAs } from '../testkit/http.js';
import { ADMIN_PASSWORD, startPlatform, type Platform } from '../testkit/platform.js';
import { inputPlaces, publicGraph, rootFields, sampleVariables, withValue, type InputPlace, type KnownValues, type RootField } from '../testkit/public-graph.js';
import { SAMPLE_IDENTIFIER, sampleReport } from '../testkit/sample.js';
import { sampleOf } from '../testkit/seed.js';
import { StoredRows } from '../testkit/stored-rows.js';

// Every argument of every query and mutation of the public graph, with values it should not get: each is refused with a
// code of the catalogue, and what is refused stores nothing. A new field is covered by itself.

const committed = buildSchema(await readFile(join(import.meta.dirname, '../../schema/api.graphql'), 'utf8'));
const PER_FIELD = 40;

let platform: Platform;
let root: Actor;
let stored: StoredRows;
let known: KnownValues;
/** What was stored after the last request. */
let contents: Record<string, string> | undefined;

beforeAll(async () => {
  platform = await startPlatform();
  root = await admin(platform);
  const victim = await actor(root, 'victim');
  await root.ask('mutation ($input: SaveMachinesInput!) { saveMachines(input: $input) { id } }', {
    input: { machines: [{ id: '1', cpus: 1, status: 'RUNNING', memoryBytes: 1, gpu: '', ip: '10.0.0.1' }] },
  });
  await root.interconnect('POST', 'computing_ids/', { computing_ids: [SAMPLE_IDENTIFIER] });
  await root.interconnect('POST', 'computing_resources/', { computing_resources: [sampleReport()] });
  const { body } = await root.interconnect('POST', 'query_computing_resources_by_task_template/', {});
  stored = await StoredRows.open(platform.databaseUrl!);
  let users = 0;
  known = {
    'CreateUserInput.username': () => `somebody-${users++}`,
    'CreateUserInput.password': 'a password of somebody',
    'CreateApiTokenInput.scopes': ['all'],
    'UpdateUserInput.id': victim.userId,
    'ChangePasswordInput.userId': victim.userId,
    'ChangePasswordInput.current': ADMIN_PASSWORD,
    'ChangePasswordInput.new': 'another password 7',
    'GrantMachineInput.machineId': '1',
    'GrantMachineInput.userId': victim.userId,
    'MachineInput.ip': '10.0.0.1',
    'RegisterComputingIdentifiersInput.values': [SAMPLE_IDENTIFIER],
    'ComputingResourceReportInput.identifier': SAMPLE_IDENTIFIER,
    'parseComputingIdentifier.value': SAMPLE_IDENTIFIER,
    'NameCodeInput.kind': 'ORGANIZATION',
    'NameCodeInput.code': '31337',
    'ChooseTaskPathInput.taskId': String(body.data.task_id),
    'ChooseTaskPathInput.computingResourceId': String(body.data.results[0].id),
    'SaveProviderInput.organization': '20004',
    'releaseTask.id': String(body.data.task_id),
  };
});
afterAll(async () => {
  await stored?.close();
  await platform?.dispose();
});

/** Where it is told how an upload comes along, which a file may be refused in the midst of. */
const UPLOAD_STEPS = 'ai_arts.event';
const uploads = ['uploadFiles', 'uploadDataset', 'uploadModel'];

/** What is wrong with the answer to one bad value; undefined when it is as it should be. */
async function faultOf(field: RootField, place: InputPlace, { value, refused }: { value: unknown; refused: boolean }): Promise<string | undefined> {
  const variables = withValue(sampleVariables(field, known), place.path, value);
  const before = (contents ??= await stored.read());
  const answer = await sendAs(root, { method: 'POST', path: '/graphql', ...(await graphBody(field.document, variables)) });
  const errors = (answer.json?.errors ?? []) as { message?: string; extensions?: { code?: string } }[];
  const shown = `${answer.status} ${answer.text.slice(0, 300)}`;
  if (answer.json === undefined || answer.status >= 500) return `answered ${shown}`;
  if (errors.some(({ message, extensions }) => typeof extensions?.code !== 'string' || extensions.code === 'INTERNAL_SERVER_ERROR' || !message)) return `failed with ${shown}`;
  if (refused && errors.length === 0) return `was taken: ${shown}`;
  if (field.kind === 'mutation') {
    const after = (contents = await stored.read());
    const changed = Object.keys(after).filter((table) => after[table] !== before[table] && !(table === UPLOAD_STEPS && uploads.includes(field.name)));
    if (errors.length > 0 && changed.length > 0) return `was refused and yet stored something in ${changed.join(', ')}: ${shown}`;
  }
  return undefined;
}

const fields = rootFields(committed).filter(({ arguments: taken }) => taken.length > 0);

test('the platform shows the graph that is committed in schema/api.graphql', async () => {
  const shown = rootFields(await publicGraph(root)).map(({ document }) => document);
  expect(rootFields(committed).map(({ document }) => document).toSorted()).toEqual(shown.toSorted());
  expect(fields.length).toBeGreaterThan(10);
});

describe.each(fields)('$kind $name', (field) => {
  const cases = inputPlaces(field).flatMap((place) => {
    const name = String(place.path.findLast((step) => typeof step === 'string'));
    return badValuesFor(place.type, name).map((bad) => ({ place, bad }));
  });

  test('answers every bad value with a code of the catalogue, and stores nothing that it refuses', async () => {
    const faults: string[] = [];
    for (const { place, bad } of sampleOf(field.name, cases, PER_FIELD)) {
      const fault = await faultOf(field, place, bad);
      if (fault !== undefined) faults.push(`${place.path.join('.')} = ${bad.title} ${fault}`);
    }
    expect(faults).toEqual([]);
  }, 120_000);

  test('names the argument that is missing', async () => {
    for (const { name } of field.arguments.filter(({ type }) => isNonNullType(type))) {
      const { errors } = await root.graph(field.document, withValue(sampleVariables(field, known), [name], undefined));
      expect(errors[0]).toMatchObject({ message: expect.stringContaining(name), extensions: { code: expect.stringMatching(/^BAD_INPUT$|^GRAPHQL_VALIDATION_FAILED$/) } });
    }
  });
});
