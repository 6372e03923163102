import { setTimeout as delay } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { OpenApiDocument } from './document/openapi.document.js';
import { fuzzRequests } from './environment.js';
import { pipelined, sent, sentBadly, type FuzzCase } from './fuzz.case.js';
import { sendAll, type PhaseOptions } from './fuzz.phase.js';
import { fuzzedWorld, type FuzzedWorld } from './fuzzed.world.js';
import { Oracle } from './oracle.js';
import { ProcessGauge } from './process.gauge.js';
import { GraphArbitrary } from './request/graph.arbitrary.js';
import { OperationArbitrary } from './request/operation.arbitrary.js';
import { publicRequest } from './request/public.arbitrary.js';
import { until } from '../testkit/processes.js';
import { publicGraph } from '../testkit/public-graph.js';
import { searchSeed } from '../testkit/seed.js';
import { StoredRows } from '../testkit/stored-rows.js';
import { converse } from './wire/conversation.js';
import { stalledConnections, type StalledConnections } from './wire/stalled.connections.js';

// Requests drawn from the OpenAPI document that the platform serves, good, bad and no HTTP at all. Every one is answered in
// the envelope of whoever owns its path, never with 5xx; nothing hangs, and nothing of it stays in the process.

/** Beyond what is warm after the first requests: caches have bounds, and a leak of a kilobyte a request would be ten times as much. */
const MOST_HEAP_MB_A_THOUSAND = 3;
const SPARE_HEAP_MB = 12;
/** One pool a subgraph, of 16 each, and those of the queue. */
const MOST_CONNECTIONS = 100;
/** With fewer than these some operations are asked too seldom to have taken anything. */
const ENOUGH = 5_000;
/** A code of a contract that tells of a failure, where the status does not. */
const REFUSAL = /^\{"(?:ret_)?code":(?!0,|200,)/;
/** For those who have no credential yet. */
const LOG_IN = '/api/ticket';
/** Its template may have anything in it, and what of it is a requirement has rules that no schema says. */
const FREE_FORM = '/api/v1/query_computing_resources_by_task_template';
/** Until code is compiled and caches have something in them. */
const WARMING = 300;
const SECONDS = Math.max(300, fuzzRequests / 10);

let world: FuzzedWorld;
let gauge: ProcessGauge;
let oracle: Oracle;
let stalled: StalledConnections;
let operations: readonly OperationArbitrary[];
let graph: GraphArbitrary;

beforeAll(async () => {
  world = await fuzzedWorld();
  const document = await OpenApiDocument.of(world.platform);
  oracle = new Oracle(document);
  operations = document.operations.map((operation) => new OperationArbitrary(operation, document, world));
  graph = new GraphArbitrary(await publicGraph(world.root), world);
  stalled = await stalledConnections(world);
  gauge = await ProcessGauge.of(world);
  console.log(`fuzz: ${fuzzRequests} requests to ${operations.length} operations and the rest, HUTONG_TEST_SEED=${searchSeed()}`);
}, 120_000);
afterAll(async () => {
  stalled?.close();
  await gauge?.close();
  await world?.dispose();
});

const anyOf = (draw: (operation: OperationArbitrary) => fc.Arbitrary<FuzzCase>): fc.Arbitrary<FuzzCase> => fc.oneof(...operations.map(draw));
const anyPlan = () => fc.oneof(...operations.flatMap((operation) => [operation.valid(), operation.broken()]), ...operations.map(() => graph.any()), ...operations.map(() => publicRequest(world)));

/** Sends a share of all requests; afterwards the platform holds no more than before, and serves as before. */
async function phase(share: number, cases: fc.Arbitrary<FuzzCase>, onAnswers?: PhaseOptions['onAnswers']): Promise<void> {
  const { address } = world;
  await sendAll({ cases, requests: Math.min(WARMING, fuzzRequests * share), address, oracle });
  const before = await gauge.settled();
  const requests = Math.ceil(fuzzRequests * share);
  await sendAll({ cases, requests, address, oracle, onAnswers });
  const after = await gauge.settled();
  const growth = after.heapMb - before.heapMb;
  console.log(`fuzz: ${requests} requests, heap ${before.heapMb.toFixed(1)} → ${after.heapMb.toFixed(1)} MB, resident ${before.residentMb.toFixed(0)} → ${after.residentMb.toFixed(0)} MB`);
  expect(growth, 'MB that the heap grew by').toBeLessThan(SPARE_HEAP_MB + (MOST_HEAP_MB_A_THOUSAND * requests) / 1_000);
  expect(after.databaseConnections, 'connections to the database').toBeLessThan(MOST_CONNECTIONS);
  const good = Buffer.from(`GET /api/v1/computing_resources/?page=1&page_size=10 HTTP/1.1\r\nHost: ${world.host}\r\ntoken: ${world.alice.credential}\r\n\r\n`);
  const { answers } = await converse(address, { parts: [good], methods: ['GET'], answers: 1, sender: 'stays' });
  expect(answers[0]?.body.toString()).toMatch(/^\{"code":0,/);
}

test('valid requests are taken, or refused for a reason that the document gives', async () => {
  const taken = new Map<string, number>();
  await phase(0.3, anyOf((of) => sent(of.valid(), { operation: of.operation, isValid: !of.operation.path.startsWith(FREE_FORM) })), ({ asked: [asked] }, [answer]) => {
    const key = `${asked!.operation!.method} ${asked!.operation!.path}`;
    taken.set(key, (taken.get(key) ?? 0) + (answer!.status < 400 && !REFUSAL.test(answer!.body.toString('latin1')) ? 1 : 0));
  });
  // Otherwise what is looked at would be refusals alone.
  const share = [...taken.values()].filter((count) => count > 0).length / taken.size;
  expect(fuzzRequests < ENOUGH || share > 0.5, [...taken].filter(([, count]) => count === 0).map(([key]) => key).join(', ')).toBe(true);
}, SECONDS * 1_000);

test('requests with values, fields, types, charsets or encodings that are wrong are refused in the envelope of their contract', async () => {
  await phase(0.3, anyOf((of) => sent(of.broken(), { operation: of.operation })));
}, SECONDS * 1_000);

test('requests that are odd HTTP, or none, are answered or closed', async () => {
  await phase(0.06, sentBadly(anyPlan()));
}, SECONDS * 1_000);

test('requests at once over one connection are answered in their order', async () => {
  await phase(0.04, pipelined(anyPlan()));
}, SECONDS * 1_000);

test('the graph and what else is public answer whatever HTTP brings', async () => {
  await phase(0.2, fc.oneof(sent(graph.any()), sent(publicRequest(world))));
}, SECONDS * 1_000);

test('nobody who is not known has anything stored', async () => {
  const rows = await StoredRows.open(world.platform.databaseUrl!);
  try {
    // What was begun by those who are known ends first.
    let before = await rows.read();
    await until('the work behind earlier requests to end', async () => {
      const last = before;
      await delay(1_000);
      before = await rows.read();
      return isDeepStrictEqual(before, last);
    });
    await phase(0.06, fc.oneof(...operations.filter(({ operation }) => operation.path !== LOG_IN).map((of) => sent(of.unknown(), { operation: of.operation }))));
    expect(await rows.read()).toEqual(before);
  } finally {
    await rows.close();
  }
}, SECONDS * 1_000);

test('connections that stall are answered or closed', async () => {
  expect(await stalled.stillOpen()).toEqual([]);
}, SECONDS * 1_000);
