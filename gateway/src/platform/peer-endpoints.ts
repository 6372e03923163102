import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { CallerTokens, Log, OpenSubgraph, UploadLimits } from '@hutong/common';
import { SubgraphEndpoint } from '@hutong/common/remote';
import type { RequestHandler } from 'express';

const PLACE = /^\/subgraphs\/(?<name>[a-z0-9-]+)(?<url>\/.*)$/s;

interface Place {
  endpoint: SubgraphEndpoint;
  /** What of the URL is below. */
  url: string;
}

/**
 * The subgraphs of this process for those in other processes: `/subgraphs/<name>` on the gateway's own port is for them what
 * the URL of a subgraph alone is, with the same tokens.
 */
export class PeerEndpoints {
  readonly #endpoints: ReadonlyMap<string, SubgraphEndpoint>;

  constructor(local: readonly OpenSubgraph[], tokens: CallerTokens, uploads: UploadLimits, log: Log) {
    this.#endpoints = new Map(local.map((subgraph) => [subgraph.name, new SubgraphEndpoint(subgraph, tokens, log.child({ subgraph: subgraph.name }), uploads)]));
  }

  /** Leaves what is not below the place of a subgraph of this process to the next handler. */
  readonly handler: RequestHandler = (request, response, next) => {
    const place = this.#placeOf(request.url);
    if (!place) return next();
    const { endpoint, url } = place;
    if (url !== '/readyz') return endpoint.handle(request, response, url);
    endpoint.ready().then(
      () => response.json({ status: 'ready' }),
      () => response.status(503).json({ status: 'unavailable' }),
    );
  };

  /** Whether the upgrade of this connection was one for a subgraph of this process, and is being answered. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): boolean {
    const place = this.#placeOf(request.url ?? '');
    if (!place) return false;
    place.endpoint.upgrade(request, socket, head, place.url);
    return true;
  }

  /** Ends the subscriptions with a code after which they may be begun again. */
  async stop(): Promise<void> {
    await Promise.all([...this.#endpoints.values()].map((endpoint) => endpoint.stop()));
  }

  #placeOf(url: string): Place | undefined {
    const { name, url: below } = PLACE.exec(url)?.groups ?? {};
    const endpoint = name === undefined ? undefined : this.#endpoints.get(name);
    return endpoint && below !== undefined ? { endpoint, url: below } : undefined;
  }
}
