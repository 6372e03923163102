import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { graphql, HutongError, type HutongClient } from '@hutong/client';
import type { Terminal } from './terminal.js';

const POLL_MS = 250;
const PATIENCE_MS = 30_000;

/** What the demo makes, by the mutation that takes it away. */
const removals = {
  deleteUser: graphql('mutation DeleteUser($id: ID!) { deleteUser(id: $id) }'),
  deleteDataset: graphql('mutation DeleteDataset($id: ID!) { deleteDataset(id: $id) }'),
  deleteTraining: graphql('mutation DeleteTraining($id: ID!) { deleteTraining(id: $id) }'),
  deleteModel: graphql('mutation DeleteModel($id: ID!) { deleteModel(id: $id) }'),
  deleteInferenceService: graphql('mutation DeleteInferenceService($id: ID!) { deleteInferenceService(id: $id) }'),
};
type Removal = keyof typeof removals;

/** One run of the demo: who does it, what tells of it, and what is to be taken away again. */
export class DemoRun {
  /** What the names of this run end with, so that it can be run again. */
  readonly name = randomBytes(3).toString('hex');
  /** Done when the run is over, whatever came of it; the last first. */
  readonly atEnd = new AsyncDisposableStack();
  readonly #forTheUser = new AsyncDisposableStack();

  constructor(
    readonly terminal: Terminal,
    /** An administrator, until the run is told to end. */
    readonly admin: HutongClient,
    /** The same, for what is to be done even then. */
    readonly cleaner: HutongClient,
    /** Aborted when the run is told to end. */
    readonly signal: AbortSignal,
  ) {}

  /** Remembers something that the user may play with afterwards, and that is taken away where it is not kept; the last first. */
  made(removal: Removal, id: string): void {
    this.#forTheUser.defer(() => this.#remove(removal, id));
  }

  /** Remembers something that goes when the run is over. */
  borrowed(removal: Removal, id: string): void {
    this.atEnd.defer(() => this.#remove(removal, id));
  }

  /** Takes away what is not to be kept. */
  async end(isKept: boolean): Promise<void> {
    if (!isKept) await this.#forTheUser.disposeAsync();
    await this.atEnd.disposeAsync();
  }

  /** What still uses it is on its way out, too, and is waited for. */
  async #remove(removal: Removal, id: string): Promise<void> {
    const deadline = Date.now() + PATIENCE_MS;
    for (;;) {
      try {
        return void (await this.cleaner.mutate<unknown, { id: string }>(removals[removal], { id }));
      } catch (error) {
        if (!(error instanceof HutongError) || !error.code.endsWith('_IN_USE') || Date.now() > deadline) throw error;
      }
      await delay(POLL_MS);
    }
  }
}
