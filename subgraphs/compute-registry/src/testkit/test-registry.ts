import { caller, testSubgraph, type Answer, type TestSubgraph } from '@hutong/common/testkit';
import type { Caller } from '@hutong/common';
import { computeRegistryModule, type RegistryServices } from '../subgraph.js';

export const STALE_SECONDS = 900;
const LAG_SECONDS = 60;

/** The identifier of the contract's sample: 中科曙光 in 杭州. */
export const SAMPLE = '1101tc200044013301502601009F1S1024N100P150';

/** The header of an identifier, from codes. */
export const identifier = ({ organization = '20004', resourceType = '401', region = '3301', zone = '502601', industry = 'tc', tail = '' } = {}): string =>
  `1101${industry}${organization}${resourceType}${region}${zone}009${tail}`;

/** The report of the contract's sample, with what a test says differently. */
export const report = (different: Record<string, unknown> = {}): Record<string, unknown> => ({
  identifier: SAMPLE,
  powerConsumption: 0,
  cpuPerformance: 2000,
  cpuAvailable: 8,
  gpuModel: 'RTX 3080',
  gpuPerformance: 18000,
  gpuMemory: 16,
  gpuAvailable: 4,
  networkDelayMs: 5,
  networkPerformance: 100,
  networkIsIxp: true,
  networkIps: '192.168.1.1',
  networkAvailable: '',
  networkIpsAvailable: '192.168.1.1',
  networkPorts: '80,443',
  price: 100,
  ...different,
});

/** A registry of its own for a test file, with a clock that the test moves. */
export interface TestRegistry extends TestSubgraph<RegistryServices> {
  admin: Caller;
  member: Caller;
  /** Moves the registry's clock on. */
  pass(seconds: number): void;
  now(): Date;
  register(values: string[], as?: Caller): Promise<Answer>;
  report(reports: Record<string, unknown>[], as?: Caller): Promise<Answer>;
}

export async function testRegistry(): Promise<TestRegistry> {
  let ahead = 0;
  const now = () => new Date(Date.now() + ahead);
  const subgraph = await testSubgraph(
    computeRegistryModule({ clock: now, settings: { staleSeconds: STALE_SECONDS, observationLagSeconds: LAG_SECONDS, historyDays: 30 } }),
  );
  const admin = caller({ roles: ['ADMIN'] });
  return {
    ...subgraph,
    admin,
    member: caller(),
    pass: (seconds) => void (ahead += seconds * 1_000),
    now,
    register: (values, as = admin) =>
      subgraph.ask('mutation ($input: RegisterComputingIdentifiersInput!) { registerComputingIdentifiers(input: $input) { registered known } }', { as, variables: { input: { values } } }),
    report: (reports, as = admin) =>
      subgraph.ask('mutation ($input: ReportComputingResourcesInput!) { reportComputingResources(input: $input) { created updated late reportedAt } }', { as, variables: { input: { reports } } }),
  };
}
