import { caller, testSubgraph, type Answer, type TestSubgraph } from '@hutong/common/testkit';
import type { Caller } from '@hutong/common';
import type { SchedulingSettings } from '../environment.js';
import { schedulingWith, type SchedulingServices } from '../subgraph.js';
import { StandInRegistry } from './registry.stand-in.js';

export const DAY_MS = 86_400_000;

export const testSettings = (of: Partial<SchedulingSettings> = {}): SchedulingSettings => ({
  webhookNetworks: ['127.0.0.0/8'],
  allocationBudgetMs: 25_000,
  offerExpiryMs: DAY_MS,
  allocationExpiryMs: 30 * DAY_MS,
  ...of,
});

export type Scheduling = TestSubgraph<SchedulingServices>;

export interface TestScheduling {
  subgraph: Scheduling;
  registry: StandInRegistry;
}

/** The subgraph on a database of its own, beside a stand-in for compute-registry with resources 1, 2 and 3. */
export async function openScheduling(settings: Partial<SchedulingSettings> = {}): Promise<TestScheduling> {
  const registry = new StandInRegistry();
  for (const id of [1, 2, 3]) registry.add(id);
  return { registry, subgraph: await testSubgraph(schedulingWith(() => testSettings(settings)), registry) };
}

const TASK = 'id state stateReason resourceUrl template source sessionIdentifier expiresAt createdAt chosen { id } owner { id } offers(first: 100) { totalCount nodes { rank score refusedAt resource { id } } }';

interface Asked {
  data: Answer['data'];
  errors: Answer['errors'];
}

/** Somebody who submits tasks and chooses: methods answer the field's data, or throw `CODE: message`. */
export class Actor {
  readonly as: Caller;

  constructor(
    private readonly subgraph: Pick<Scheduling, 'ask' | 'listen'>,
    of: Partial<Caller> = {},
  ) {
    this.as = caller(of);
  }

  async ask(document: string, variables: Record<string, unknown> = {}): Promise<Asked> {
    return this.subgraph.ask(document, { as: this.as, variables });
  }

  submit(template: unknown, more: Record<string, unknown> = {}): Promise<Answer['data']> {
    return this.#field('submitTask', `mutation ($input: SubmitTaskInput!) { submitTask(input: $input) { ${TASK} } }`, { input: { template, ...more } });
  }

  choose(taskId: string, computingResourceId: number | string, accept = true): Promise<Answer['data']> {
    const input = { taskId, computingResourceId: String(computingResourceId), accept };
    return this.#field('chooseTaskPath', `mutation ($input: ChooseTaskPathInput!) { chooseTaskPath(input: $input) { ${TASK} } }`, { input });
  }

  release(id: string): Promise<Answer['data']> {
    return this.#field('releaseTask', `mutation ($id: ID!) { releaseTask(id: $id) { ${TASK} } }`, { id });
  }

  task(id: string): Promise<Answer['data']> {
    return this.#field('task', `query ($id: ID!) { task(id: $id) { ${TASK} } }`, { id });
  }

  saveProvider(input: Record<string, unknown>): Promise<Answer['data']> {
    const document = 'mutation ($input: SaveProviderInput!) { saveProvider(input: $input) { organization { id } urlTemplate webhookUrl allocationTimeoutSeconds } }';
    return this.#field('saveProvider', document, { input });
  }

  listen(variables: { id?: string; after?: string } = {}): Promise<AsyncIterableIterator<Answer>> {
    const document = 'subscription ($id: ID, $after: ID) { taskChanged(id: $id, after: $after) { id at state task { id state } } }';
    return this.subgraph.listen(document, { as: this.as, variables });
  }

  async #field(name: string, document: string, variables: Record<string, unknown>): Promise<Answer['data']> {
    const { data, errors } = await this.ask(document, variables);
    const [error] = errors;
    if (error) throw Object.assign(new Error(`${error.extensions.code}: ${error.message}`), error.extensions);
    return data[name];
  }
}
