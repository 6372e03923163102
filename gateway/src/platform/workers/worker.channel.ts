import type { Metrics, MetricsSource, MetricValues } from '@hutong/common/telemetry';
import type { FromWorker, ToWorker } from './worker.messages.js';

/** What a worker and the first process have to tell each other, as the worker has it. */
export class WorkerChannel {
  readonly #up = Promise.withResolvers<void>();
  readonly #stop = Promise.withResolvers<void>();
  readonly #asked = new Map<number, (values: readonly MetricValues[]) => void>();
  #ownMetrics: Metrics | undefined;
  #questions = 0;
  /** Reads the supergraph again; nothing before the worker is up. */
  onReload: () => void = () => undefined;

  constructor() {
    process.on('message', (message: ToWorker) => void this.#hear(message));
  }

  /** Resolves when every worker has been up. */
  get allUp(): Promise<void> {
    return this.#up.promise;
  }

  /** Resolves when the worker is to end. */
  get stopped(): Promise<void> {
    return this.#stop.promise;
  }

  tell(message: FromWorker): void {
    process.send!(message);
  }

  /** The metrics of all workers as one, for whoever asks this one. */
  metricsOfAll(own: Metrics): MetricsSource {
    this.#ownMetrics = own;
    return { contentType: own.contentType, text: async () => own.together(await this.#collected()) };
  }

  #collected(): Promise<readonly MetricValues[]> {
    const id = this.#questions++;
    return new Promise((resolve) => {
      this.#asked.set(id, resolve);
      this.tell({ hutong: 'collect metrics', id });
    });
  }

  async #hear(message: ToWorker): Promise<void> {
    switch (message.hutong) {
      case 'all are up':
        return this.#up.resolve();
      case 'reload':
        return this.onReload();
      case 'stop':
        return this.#stop.resolve();
      case 'tell your metrics':
        return this.tell({ hutong: 'metrics', id: message.id, values: (await this.#ownMetrics?.values()) ?? [] });
      case 'metrics of all':
        this.#asked.get(message.id)?.(message.values);
        this.#asked.delete(message.id);
    }
  }
}
