import type { Log } from '@hutong/common';
import type { CurrentGraph } from '../federation/current-graph.js';
import type { FederatedGraph } from '../federation/federated-graph.js';
import { graphChanges } from '../federation/graph-changes.js';
import type { OperationTexts } from '../http/operation-texts.js';

export interface SupergraphReloadOptions {
  current: CurrentGraph;
  /** Where there is a list of trusted operations, it is read again too. */
  texts: Pick<OperationTexts, 'trusted' | 'trust'>;
  /** Reads the text of the supergraph where it comes from. */
  read: () => Promise<string>;
  /** Makes the graph of a text, ready to be used. @throws Error that says why it cannot be used */
  prepare: (supergraphSdl: string) => Promise<FederatedGraph>;
  log: Log;
}

/** Switches to another supergraph, and another list of trusted operations, while the gateway serves: only to what can be used, and at once for all that comes after. */
export class SupergraphReload {
  readonly #options: SupergraphReloadOptions;
  #running: Promise<void> = Promise.resolve();

  constructor(options: SupergraphReloadOptions) {
    this.#options = options;
  }

  /** Reads both again, and goes on with them when they differ; the log says what became of it. One at a time; never rejects. */
  reload(): Promise<void> {
    this.#running = this.#running.then(() => this.#reload());
    return this.#running;
  }

  async #reload(): Promise<void> {
    const { current, texts, read, prepare, log } = this.#options;
    try {
      const [supergraphSdl, trusted] = await Promise.all([read(), texts.trusted?.readAgain()]);
      const before = current.graph;
      const graph = supergraphSdl === before.supergraphSdl ? before : await prepare(supergraphSdl);
      if (graph === before && trusted === texts.trusted) {
        log.info('the supergraph is read again: nothing has changed');
        return;
      }
      await trusted?.prepare(graph);
      if (trusted && trusted !== texts.trusted) {
        texts.trust(trusted);
        log.info({ operations: trusted.size }, 'the list of trusted operations has changed and is in use');
      }
      if (graph !== before) {
        current.switchTo(graph);
        log.info(graphChanges(before.schema, graph.schema), 'the supergraph has changed and is in use');
      }
    } catch (error) {
      log.error({ reason: error instanceof Error ? error.message : String(error) }, 'what was read is refused, and what was in use before stays');
    }
  }
}
