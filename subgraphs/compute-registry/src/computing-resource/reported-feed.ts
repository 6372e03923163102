import type { EventLog } from '@hutong/common';
import type { CodeDictionary } from '../code-name/code-name.dictionary.js';
import { Parameters, type PreparedReads } from '../database/prepared-reads.js';
import type { ComputingResource } from './computing-resource.entity.js';
import type { ComputingResourceService } from './computing-resource.service.js';
import { groupConditions } from './resource-conditions.js';
import { idsOf, REPORTED, type ReportedPayload } from './reported-event.js';
import { codesOfFilter } from './resource-filter.js';

/** Ids looked up at once while a batch is fanned out. */
const CHUNK = 500;

/** Resources as they are reported, one by one, out of the one event that each batch writes. */
export class ReportedFeed {
  readonly #events: EventLog;
  readonly #reads: PreparedReads;
  readonly #resources: ComputingResourceService;
  readonly #dictionary: CodeDictionary;

  constructor(events: EventLog, reads: PreparedReads, resources: ComputingResourceService, dictionary: CodeDictionary) {
    this.#events = events;
    this.#reads = reads;
    this.#resources = resources;
    this.#dictionary = dictionary;
  }

  /** Resources from now on, limited to an organization and a region, each by code or name. A plain iterator: its `return()` ends it at once. */
  async subscribe(filter: { organization?: string | null; region?: string | null }): Promise<AsyncIterableIterator<ComputingResource>> {
    const codes = codesOfFilter(this.#dictionary, filter, 'arguments');
    const events = await this.#events.subscribe<ReportedPayload>({ topic: REPORTED });
    let ids: Iterator<number> = [].values();
    let loaded: ComputingResource[] = [];
    let ended = false;
    const next = async (): Promise<IteratorResult<ComputingResource>> => {
      while (!ended) {
        const resource = loaded.shift();
        if (resource) return { done: false, value: resource };
        const chunk = take(ids, CHUNK);
        if (chunk.length > 0) {
          loaded = await this.#load(chunk, codes);
          continue;
        }
        const event = await events.next();
        if (event.done) break;
        ids = idsOf(event.value.payload);
      }
      return { done: true, value: undefined };
    };
    const end = async (): Promise<IteratorResult<ComputingResource>> => {
      ended = true;
      await events.return?.();
      return { done: true, value: undefined };
    };
    const feed: AsyncIterableIterator<ComputingResource> = { [Symbol.asyncIterator]: () => feed, next, return: end };
    return feed;
  }

  async #load(ids: number[], codes: ReturnType<typeof codesOfFilter>): Promise<ComputingResource[]> {
    const parameters = new Parameters();
    const conditions = [`r.id = any(${parameters.add(ids)}::integer[])`, ...groupConditions({ codes }, parameters).map(({ sql }) => `g.${sql}`)];
    const rows = await this.#reads.rows<{ id: number }>(
      `select r.id from compute_registry.computing_resource r join compute_registry.resource_group g on g.id = r.group_id where ${conditions.join(' and ')}`,
      parameters,
    );
    const resources = await this.#resources.byIds(rows.map(({ id }) => id));
    return resources.toSorted((a, b) => a.id - b.id);
  }
}

function take(ids: Iterator<number>, count: number): number[] {
  const taken: number[] = [];
  while (taken.length < count) {
    const { done, value } = ids.next();
    if (done) break;
    taken.push(value);
  }
  return taken;
}
