import { auditIn, CallerTokens, ConnectedPeers, openSubgraph, RouteSessions, type HttpClientName, type Log, type OpenSubgraph, type RouteTarget, type SubgraphConnection, type SubgraphModule, type UploadLimits } from '@hutong/common';
import { AUDIT_KEEPER } from './identity.operations.js';
import { platformModules } from './modules.js';
import type { MountedRoute } from '../routes/subgraph-routes.js';
import type { PeerEndpoints } from './peer-endpoints.js';

type Modules = typeof platformModules;
type ServicesOf<Module> = Module extends { start: (...house: never[]) => infer Started } ? (Awaited<Started> extends { services: infer Services } ? Services : never) : never;

export interface SubgraphsStart {
  /** Where the named subgraph keeps its rows. */
  databaseUrlOf: (subgraph: string) => string;
  secret: string;
  /** By subgraph, where it is in another process. */
  urls: Readonly<Record<string, string | undefined>>;
  timeoutMs: number;
  /** Whether equal queries of one caller that are under way at once are asked once, elsewhere. */
  sharesQueries: boolean;
  /** What asks those elsewhere. */
  client: HttpClientName;
  /** Where browsers reach notebooks. */
  notebookOrigin: () => string;
  /** What of files those elsewhere may send to those here. */
  uploads: UploadLimits;
  log: Log;
}

/** The platform's subgraphs, those in this process open. */
export interface OpenSubgraphs {
  /** Those in this process. */
  local: readonly OpenSubgraph[];
  /** To every subgraph, here or elsewhere. */
  connections: ReadonlyMap<string, SubgraphConnection>;
  /** Of those in this process. */
  services: { [Name in keyof Modules]?: ServicesOf<Modules[Name]> };
  /** The HTTP routes of every subgraph, here or elsewhere. */
  routes: readonly MountedRoute[];
  /** Reads the session cookies of routes. */
  sessions: RouteSessions;
  /** Signs and checks what passes between processes of the platform. */
  tokens: CallerTokens;
  /** What those elsewhere reach those in this process by; undefined where none is elsewhere. */
  forPeers: PeerEndpoints | undefined;
  stop(): Promise<void>;
}

type Urls = SubgraphsStart['urls'];

const isLocal = (urls: Urls) => (name: keyof Modules) => urls[platformModules[name].graph.name] === undefined;

const names = Object.keys(platformModules) as (keyof Modules)[];

/** Stops the start at the first bad setting of a subgraph in this process. @throws SettingError */
export function checkSettings(urls: Urls): void {
  for (const name of names.filter(isLocal(urls))) platformModules[name].checkSettings?.();
}

/**
 * Opens every subgraph of this process at once, each connected to the others as they come up; those elsewhere may be down.
 * When one cannot be opened, those that were are stopped again.
 */
export async function openSubgraphs({ databaseUrlOf, secret, urls, timeoutMs, sharesQueries, client, notebookOrigin, uploads, log }: SubgraphsStart): Promise<OpenSubgraphs> {
  const connections = new Map<string, SubgraphConnection>();
  const closeRemote = await connectRemote(connections, { urls, secret, timeoutMs, sharesQueries, client, log });
  const tokens = new CallerTokens(secret);
  const remoteRoutes = await routesElsewhere(urls, tokens, log);
  const peers = new ConnectedPeers(connections);
  const keepAudit = auditIn(AUDIT_KEEPER, peers);
  const opening = names.filter(isLocal(urls));
  const opened = await Promise.allSettled(
    opening.map(async (name) => {
      const module = platformModules[name];
      const subgraph: OpenSubgraph = await openSubgraph<unknown>(module, { databaseUrl: databaseUrlOf(module.graph.name), secret, peers, keepAudit, notebookOrigin, log });
      connections.set(subgraph.name, subgraph.connection);
      return subgraph;
    }),
  );
  const local = opened.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []));
  const stop = async () => {
    await Promise.all(local.map((subgraph) => subgraph.stop()));
    await closeRemote();
    await remoteRoutes.close();
  };
  const failure = opened.find((outcome) => outcome.status === 'rejected');
  if (failure) {
    await stop();
    throw failure.reason;
  }
  const forPeers = connections.size > local.length ? new (await import('./peer-endpoints.js')).PeerEndpoints(local, tokens, uploads, log) : undefined;
  const services = Object.fromEntries(opening.map((name, index) => [name, local[index]?.services])) as OpenSubgraphs['services'];
  const routes = names.flatMap((name) => {
    const { graph, routes: declared = [] }: SubgraphModule = platformModules[name];
    const target = local.find((subgraph) => subgraph.name === graph.name)?.routes ?? remoteRoutes.targets.get(graph.name);
    return target ? declared.map(({ path, origin, sessionCookie }): MountedRoute => ({ subgraph: graph.name, path, origin, sessionCookie, target })) : [];
  });
  return { local, connections, services, routes, sessions: new RouteSessions(secret), tokens, forPeers, stop };
}

type Remote = Pick<SubgraphsStart, 'urls' | 'secret' | 'timeoutMs' | 'sharesQueries' | 'client' | 'log'>;

async function connectRemote(connections: Map<string, SubgraphConnection>, { urls, ...options }: Remote): Promise<() => Promise<void>> {
  const elsewhere = Object.entries(urls).filter((entry): entry is [string, string] => entry[1] !== undefined);
  if (elsewhere.length === 0) return async () => undefined;
  const { RemoteConnection } = await import('@hutong/common/remote');
  const remote = elsewhere.map(([name, url]) => new RemoteConnection({ name, url, ...options }));
  for (const connection of remote) connections.set(connection.name, connection);
  return async () => {
    await Promise.all(remote.map((connection) => connection.close()));
  };
}

interface RemoteTargets {
  /** By subgraph. */
  targets: ReadonlyMap<string, RouteTarget>;
  close(): Promise<void>;
}

async function routesElsewhere(urls: Urls, tokens: CallerTokens, log: Log): Promise<RemoteTargets> {
  const elsewhere = names.map((name): SubgraphModule => platformModules[name]).filter(({ graph, routes }) => routes && urls[graph.name] !== undefined);
  if (elsewhere.length === 0) return { targets: new Map(), close: async () => undefined };
  const { RemoteRoutes } = await import('@hutong/common/remote');
  const targets = new Map(elsewhere.map(({ graph: { name } }) => [name, new RemoteRoutes({ name, url: urls[name]!, tokens, log })]));
  return {
    targets,
    async close() {
      await Promise.all([...targets.values()].map((target) => target.close()));
    },
  };
}
