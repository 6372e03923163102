import type { ExecutionResult } from 'graphql';
import type { Representation } from '../entity.representation.js';
import { answered, requestsOf } from '../entity.requests.js';
import type { RunRequests } from '../run.requests.js';
import { EntitiesAtPlace, FoundObjects, type Visit } from './entity.places.js';
import { ScannedAnswer } from './scanned.answer.js';
import type { EntitySource, Place, Source, SplicedStep } from './spliced.plan.js';

/** What a spliced plan runs with. */
export interface SplicedSurroundings {
  requests: RunRequests;
  /** Bytes of the longest text. */
  atMost: number;
}

/** An answer cannot be used as it came. */
export class Unsplicable extends Error {}
const UNSPLICABLE = new Unsplicable('an answer is not as its scanner expects it');

/** One run of a spliced plan: its answers, and the entities in them. */
export class SplicedRun {
  /** What each fetch was answered: data of the root, or each entity at its place. */
  readonly #objects: (FoundObjects | undefined)[] = [];
  readonly #places: (EntitiesAtPlace | undefined)[] = [];
  readonly #requests: RunRequests;
  readonly #answers: ScannedAnswer[] = [];
  #stopped = false;

  constructor({ requests }: SplicedSurroundings) {
    this.#requests = requests;
  }

  /** @throws Unsplicable */
  async fetch(step: SplicedStep): Promise<void> {
    try {
      await this.#do(step);
    } catch (error) {
      // Whoever goes on asks for the rest.
      this.#stopped = true;
      throw error;
    }
  }

  objectsOf({ index }: Source): FoundObjects {
    return this.#objects[index] ?? unsplicable();
  }

  /** The number of the entity that stands next at a place. */
  nextAt(place: Place): number {
    const entities = this.entitiesAt(place);
    return entities.numbers[entities.next++] ?? unsplicable();
  }

  entitiesAt({ index }: Place): EntitiesAtPlace {
    return this.#places[index] ?? unsplicable();
  }

  /** Ends the writing. @throws Unsplicable where an object was written more than once, or was left out */
  checkWritten(): void {
    for (const place of this.#places) if (place && place.next > 0 && place.next !== place.numbers.length) unsplicable();
  }

  /** Nobody will look at its answers any more. */
  end(): void {
    for (const answer of this.#answers) answer.giveBack();
  }

  /** Takes what a fetch was answered, with the entities in it. */
  #take(source: Source, scanned: readonly ScannedAnswer[], objects: FoundObjects): void {
    this.#objects[source.index] = objects;
    const { answers, starts, cells, count } = objects;
    for (const { index, walk, keyLeaves } of source.places) {
      const known = new Map<string, number>();
      const found = (this.#places[index] = new EntitiesAtPlace());
      const visit: Visit = (answer, start, cell) => found.add(answer, start, cell, keyLeaves, known);
      for (let number = 0; number < count; number += 1) walk(answers[number]!, starts[number]!, cells[number]!, visit);
    }
    for (const answer of scanned) {
      answer.release();
      this.#answers.push(answer);
    }
  }

  #do(step: SplicedStep): Promise<unknown> {
    switch (step.kind) {
      case 'turn':
        return this.#inTurn(step.steps);
      case 'once':
        return Promise.all(step.steps.map((one) => this.#do(one)));
      case 'root':
        return this.#root(step.source);
      case 'entities':
        return this.#entities(step.source);
    }
  }

  async #inTurn(steps: readonly SplicedStep[]): Promise<void> {
    for (const step of steps) await this.#do(step);
  }

  async #root(source: Source): Promise<void> {
    if (this.#stopped) unsplicable();
    const { node, scanner } = source;
    const data = new FoundObjects();
    const answer = scannedBy(source, await this.#requests.root(node, scanner.read));
    data.add(answer, scanner.start, 0);
    this.#take(source, [answer], data);
  }

  async #entities(source: EntitySource): Promise<void> {
    if (this.#stopped) unsplicable();
    const { node, form, scanner } = source;
    const asked = this.#requests.entities(node, form, this.#names(source), scanner.read);
    const requests = requestsOf(asked);
    await answered(requests);
    const scanned = requests.map(({ answer }) => scannedBy(source, answer!));
    const found = new FoundObjects();
    for (const { request, index } of asked) {
      const answer = request.answer as ScannedAnswer;
      const { starts, cells } = answer.entities;
      found.add(answer, starts[index]!, cells[index]!);
    }
    this.#take(source, scanned, found);
  }

  /** What names the entities of a place to a subgraph. */
  #names(source: EntitySource): Representation[] {
    const { nameKey, place } = source;
    const { names, objects } = this.entitiesAt(place);
    if (nameKey === undefined) return this.#named(source, objects);
    let known = names.get(nameKey);
    if (!known) names.set(nameKey, (known = this.#named(source, objects)));
    return known;
  }

  #named({ name }: EntitySource, objects: FoundObjects): Representation[] {
    const names: Representation[] = [];
    for (let entity = 0; entity < objects.count; entity += 1) {
      let json = '';
      for (const { before, source, leaf } of name) json += before + (source ? this.objectsOf(source) : objects).leaf(leaf, entity);
      names.push({ json: `${json}}` });
    }
    return names;
  }
}

function scannedBy({ scanner }: Source, result: ExecutionResult): ScannedAnswer {
  return result instanceof ScannedAnswer && result.scanner === scanner ? result : unsplicable();
}

function unsplicable(): never {
  throw UNSPLICABLE;
}
