import type { Log } from '@hutong/common';
import { graphChanges } from './graph-changes.js';
import type { CurrentGraph } from './current-graph.js';
import type { FederatedGraph } from './federated-graph.js';

export interface SupergraphReloadOptions {
  current: CurrentGraph;
  /** Reads the text of the supergraph where it comes from. */
  read: () => Promise<string>;
  /** Makes the graph of a text, ready to be used. @throws Error that says why it cannot be used */
  prepare: (supergraphSdl: string) => Promise<FederatedGraph>;
  log: Log;
}

/** Switches to another supergraph while the gateway serves: only to one that can be used, and at once for all that comes after. */
export class SupergraphReload {
  readonly #options: SupergraphReloadOptions;
  #running: Promise<void> = Promise.resolve();

  constructor(options: SupergraphReloadOptions) {
    this.#options = options;
  }

  /** Reads the supergraph again, and goes on with it when it differs; the log says what became of it. One at a time; never rejects. */
  reload(): Promise<void> {
    this.#running = this.#running.then(() => this.#reload());
    return this.#running;
  }

  async #reload(): Promise<void> {
    const { current, read, prepare, log } = this.#options;
    try {
      const supergraphSdl = await read();
      if (supergraphSdl === current.graph.supergraphSdl) {
        log.info('the supergraph is read again: nothing has changed');
        return;
      }
      const graph = await prepare(supergraphSdl);
      const changes = graphChanges(current.graph.schema, graph.schema);
      current.switchTo(graph);
      log.info(changes, 'the supergraph has changed and is in use');
    } catch (error) {
      log.error({ reason: error instanceof Error ? error.message : String(error) }, 'the supergraph is refused, and the one before stays in use');
    }
  }
}
