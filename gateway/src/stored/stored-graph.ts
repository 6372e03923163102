import { HutongError, internalError, type Log, type Revisions } from '@hutong/common';
import type { Graph, GraphAnswer, GraphCaller, GraphRequest } from '@hutong/rest-compat';
import type { GraphQLError } from 'graphql';
import type { CurrentGraph } from '../federation/current-graph.js';
import type { FederatedGraph } from '../federation/federated-graph.js';
import type { Readiness } from '../http/readiness.js';
import type { Identity } from '../identity/identity.js';
import { executions, operations } from '../telemetry/activities.js';
import type { StoredOperations } from './stored-operations.js';

export interface StoredGraphOptions {
  current: CurrentGraph;
  /** Prepared for every graph before it is current. */
  operations: StoredOperations;
  identity: Identity;
  /** What each subgraph counts of its changes. */
  revisions: ReadonlyMap<string, Revisions>;
  readiness: Readiness;
  log: Log;
}

/** The graph as the legacy contracts use it: stored operations, planned before any of them is asked for, in this process. */
export class StoredGraph implements Graph {
  readonly #options: StoredGraphOptions;

  constructor(options: StoredGraphOptions) {
    this.#options = options;
  }

  execute(request: GraphRequest): Promise<GraphAnswer> {
    const { operationName: name, caller, document } = request;
    const { graph } = this.#options.current;
    const { kind } = this.#options.operations.prepared(document, graph) ?? { kind: 'unknown' };
    const run = () => executions.run({ kind, name, transport: 'stored', requestId: caller.requestId }, () => this.#execute(request, graph));
    return operations.run({ kind, transport: 'stored' }, run);
  }

  async #execute({ document: text, operationName, variables, caller, signal, received }: GraphRequest, graph: FederatedGraph): Promise<GraphAnswer> {
    const { operations: stored, identity, log } = this.#options;
    const { address, requestId } = caller;
    try {
      const planned = await stored.planOf(text, operationName, graph);
      const known = await identity.callerOf(caller, address, requestId);
      caller.userId = known.userId;
      const { data, errors } = await graph.execute(planned, variables, { caller: known, origin: 'stored', requestId, signal, received });
      return { data: (data ?? null) as GraphAnswer['data'] & object, ...(errors ? { errors: errors.map(plain) } : {}) };
    } catch (error) {
      if (error instanceof HutongError) return { data: null, errors: [plain(error)] };
      log.error({ requestId, err: error, operationName }, 'stored operation could not be run');
      return { data: null, errors: [plain(internalError({ requestId }))] };
    }
  }

  revision(topic: string, caller: GraphCaller): string | undefined {
    const known = this.#options.identity.known(caller);
    if (!known) return undefined;
    caller.userId = known.places.caller.userId;
    const dot = topic.indexOf('.');
    const revision = this.#options.revisions.get(topic.slice(0, dot))?.of(topic.slice(dot + 1));
    return revision && `${revision} ${known.fingerprint}`;
  }

  async readiness(): Promise<{ ready: boolean; message: string }> {
    const { ready, unavailable } = await this.#options.readiness.check();
    return { ready, message: ready ? 'ready' : `not available: ${unavailable.join(', ')}` };
  }
}

const plain = ({ message, path, extensions }: Pick<GraphQLError, 'message' | 'extensions'> & { path?: GraphQLError['path'] }) => ({
  message,
  ...(path ? { path } : {}),
  extensions,
});
