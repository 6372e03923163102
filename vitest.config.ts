import { readdirSync } from 'node:fs';
import { defineConfig } from 'vitest/config';
import { rows } from './test/contract/rows/rows.js';
import { RetriedTests } from './test/testkit/retried.reporter.js';
import { SkippedSuites } from './test/testkit/skipped.reporter.js';
import { full, runSeed, sampleOf } from './test/testkit/seed.js';

const report = process.env.HUTONG_TEST_REPORT;

// One seed for the whole run, this configuration and every test file.
process.env.HUTONG_TEST_DRAWN_SEED = String(runSeed());

/** Flows and contracts that a run goes through in split mode, too; which ones is drawn by the run's seed. */
const SPLIT_FLOWS = 4;
const SPLIT_CONTRACTS = 1;
/** The same for the contracts served by a process of their own. */
const ALONE_CONTRACTS = 1;
/** Tests of the gateway that ask its graph in every way. */
const GRAPH_TESTS = ['gateway/src/federation/federation.test.ts', 'gateway/src/subscriptions/{sse,websocket}.test.ts'];
/** Suites on a real OpenStack. */
const ON_OPENSTACK = 'test/**/openstack.*.test.ts';
/** Of these, which take about as long, a run goes through one. */
const SHARES_ON_OPENSTACK = [
  ['test/flows/openstack.exam.flow.test.ts'],
  ['test/drivers/openstack.contract.test.ts'],
  ['test/crash/openstack.crash.test.ts', 'test/faults/openstack.faults.test.ts'],
];
const testsIn = (folder: string): string[] => readdirSync(new URL(folder, import.meta.url)).filter((name) => name.endsWith('.test.ts')).map((name) => `${folder}/${name}`).toSorted();
const flows = testsIn('test/flows');
const contracts = testsIn('test/contract');

export default defineConfig({
  // graphql has an ESM and a CommonJS build; every package must get the same one, which for Node is the second.
  resolve: { alias: [{ find: /^graphql$/, replacement: 'graphql/index.js' }] },
  oxc: { decorator: { legacy: true, emitDecoratorMetadata: true } },
  test: {
    globalSetup: ['test/testkit/database-server.ts'],
    // A case says which rows of the contracts it proves.
    tags: rows.map(({ id, text }) => ({ name: id, description: text })),
    testTimeout: 60_000,
    hookTimeout: 120_000,
    expect: { poll: { timeout: 20_000 } },
    pool: 'forks',
    maxWorkers: 2,
    // Real engines on a shared machine are late at times; what needed a second try is named at the end.
    retry: process.env.CI === 'true' ? 1 : 0,
    reporters: ['default', new SkippedSuites(), new RetriedTests(), ...(report ? ['json'] : [])],
    ...(report ? { outputFile: { json: report } } : {}),
    projects: [
      {
        extends: true,
        test: {
          name: 'one process',
          include: ['{subgraphs,gateway,rest-compat,schema,test}/**/*.test.ts'],
          exclude: ['**/node_modules/**', '**/dist/**', 'test/flows/split/**', ON_OPENSTACK],
        },
      },
      {
        // The one OpenStack of a run keeps two processors busy: one file after the other, when all else is over.
        extends: true,
        test: {
          name: 'openstack',
          include: full ? [ON_OPENSTACK] : ['test/drivers/openstack.login.test.ts', ...sampleOf('suites on OpenStack', SHARES_ON_OPENSTACK, 1).flat()],
          fileParallelism: false,
        },
      },
      {
        // The same flows, and more of its own, against gateway and subgraphs as processes.
        extends: true,
        test: {
          name: 'split',
          include: ['test/flows/split/**/*.test.ts', ...sampleOf('flows in split mode', flows, SPLIT_FLOWS), ...sampleOf('contracts in split mode', contracts, SPLIT_CONTRACTS)],
          exclude: [ON_OPENSTACK],
          env: { HUTONG_TEST_MODE: 'split' },
        },
      },
      {
        // The legacy contracts in a process of their own, over the gateway.
        extends: true,
        test: {
          name: 'contracts alone',
          include: sampleOf('contracts in a process of their own', contracts, ALONE_CONTRACTS),
          env: { HUTONG_TEST_CONTRACTS: 'alone' },
        },
      },
      {
        // What asks the graph, by the plan executor of @apollo/gateway.
        extends: true,
        test: {
          name: "Apollo's executor",
          include: full ? ['gateway/src/**/*.test.ts', ...flows, ...contracts] : GRAPH_TESTS,
          exclude: [ON_OPENSTACK],
          env: { PLAN_EXECUTOR: 'apollo' },
        },
      },
    ],
  },
});
