import { ConnectedPeers, openSubgraph, type Log, type OpenSubgraph, type SubgraphConnection } from '@hutong/common';
import { auditInMachines } from './identity.operations.js';
import { platformModules } from './modules.js';

type Modules = typeof platformModules;
type ServicesOf<Module> = Module extends { start: (...house: never[]) => infer Started } ? (Awaited<Started> extends { services: infer Services } ? Services : never) : never;

export interface SubgraphsStart {
  /** Where the named subgraph keeps its rows. */
  databaseUrlOf: (subgraph: string) => string;
  secret: string;
  log: Log;
}

/** The platform's subgraphs in this process. */
export interface OpenSubgraphs {
  all: readonly OpenSubgraph[];
  connections: ReadonlyMap<string, SubgraphConnection>;
  services: { [Name in keyof Modules]: ServicesOf<Modules[Name]> };
  stop(): Promise<void>;
}

/** Stops the start at the first bad setting of a subgraph. @throws SettingError */
export function checkSettings(): void {
  for (const module of Object.values(platformModules)) module.checkSettings?.();
}

/**
 * Opens every subgraph at once, each connected to the others as they come up. When one cannot be opened, those that were
 * are stopped again.
 */
export async function openSubgraphs({ databaseUrlOf, secret, log }: SubgraphsStart): Promise<OpenSubgraphs> {
  const connections = new Map<string, SubgraphConnection>();
  const peers = new ConnectedPeers(connections);
  const keepAudit = auditInMachines(peers);
  const names = Object.keys(platformModules) as (keyof Modules)[];
  const opened = await Promise.allSettled(
    names.map(async (name) => {
      const module = platformModules[name];
      const subgraph: OpenSubgraph = await openSubgraph<unknown>(module, { databaseUrl: databaseUrlOf(module.graph.name), secret, peers, keepAudit, log });
      connections.set(subgraph.name, subgraph.connection);
      return subgraph;
    }),
  );
  const all = opened.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []));
  const stop = async () => {
    await Promise.all(all.map((subgraph) => subgraph.stop()));
  };
  const failure = opened.find((outcome) => outcome.status === 'rejected');
  if (failure) {
    await stop();
    throw failure.reason;
  }
  const services = Object.fromEntries(names.map((name, index) => [name, all[index]?.services])) as OpenSubgraphs['services'];
  return { all, connections, services, stop };
}
