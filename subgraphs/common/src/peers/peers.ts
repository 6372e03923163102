import { HutongError } from '../errors/define-error.js';
import { subgraphUnavailable } from '../errors/common.errors.js';
import type { Caller } from '../caller/caller.js';
import { subgraphFetches } from '../telemetry/activities.js';
import type { SubgraphConnection } from '../graph/connection.js';

/** A named operation for another subgraph. */
export interface PeerOperation {
  subgraph: string;
  document: string;
  variables: Record<string, unknown>;
  /** How long the answer may take; 10 s where nothing is said. */
  deadlineMs?: number;
}

/** On whose behalf, and as part of which request. */
export interface PeerCallScope {
  caller: Caller;
  requestId: string;
}

/** Asks other subgraphs for what this one needs to do its own work. */
export interface Peers {
  /** Whether the platform has this subgraph, be it up or down at present. */
  has(subgraph: string): boolean;
  /** Answers the operation's `data`; throws the subgraph's first failure with its code, or SUBGRAPH_UNAVAILABLE. */
  call<Data>(scope: PeerCallScope, operation: PeerOperation): Promise<Data>;
}

const DEFAULT_DEADLINE_MS = 10_000;

/** Peer calls over the same connections that the gateway uses. */
export class ConnectedPeers implements Peers {
  readonly #connections: ReadonlyMap<string, SubgraphConnection>;

  constructor(connections: ReadonlyMap<string, SubgraphConnection>) {
    this.#connections = connections;
  }

  has(subgraph: string): boolean {
    return this.#connections.has(subgraph);
  }

  async call<Data>({ caller, requestId }: PeerCallScope, { subgraph, document, variables, deadlineMs = DEFAULT_DEADLINE_MS }: PeerOperation): Promise<Data> {
    const connection = this.#connections.get(subgraph);
    if (!connection) throw subgraphUnavailable({ subgraph });
    const signal = AbortSignal.timeout(deadlineMs);
    const result = await subgraphFetches.run({ subgraph, origin: 'peer', requestId }, () =>
      Promise.race([connection.execute({ document, variables, caller, origin: 'peer', requestId, signal }), rejectOnAbort(signal, subgraph)]),
    );
    const [failure] = result.errors ?? [];
    if (failure) throw peerFailure(failure);
    return result.data as Data;
  }
}

function rejectOnAbort(signal: AbortSignal, subgraph: string): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(subgraphUnavailable({ subgraph, cause: signal.reason })), { once: true });
  });
}

function peerFailure({ message, extensions = {} }: { message: string; extensions?: Record<string, unknown> }): HutongError {
  const { code, field, ...more } = extensions;
  return new HutongError(typeof code === 'string' ? code : 'INTERNAL_SERVER_ERROR', 500, message, {
    extensions: more,
    ...(typeof field === 'string' ? { field } : {}),
  });
}
