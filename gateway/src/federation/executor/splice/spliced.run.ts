import type { ExecutionResult } from 'graphql';
import { entityVariables } from '../entity.batch.js';
import { fetchVariables } from '../fetch.variables.js';
import type { PlannedFetch } from '../plan.program.js';
import { EntitiesAtPlace, type Visit } from './entity.places.js';
import type { RecordedAnswers } from './recorded.answers.js';
import { ScannedAnswer } from './scanned.answer.js';
import type { EntitySource, Place, Source, SplicedStep } from './spliced.plan.js';

/** What a spliced plan runs with. */
export interface SplicedSurroundings {
  variables: Readonly<Record<string, unknown>>;
  fetch(subgraph: string, request: PlannedFetch): Promise<ExecutionResult>;
  /** Bytes of the longest text. */
  atMost: number;
  /** Takes what is answered. */
  recorded: RecordedAnswers;
}

/** An answer cannot be used as it came. */
export class Unsplicable extends Error {}
const UNSPLICABLE = new Unsplicable('an answer is not as its scanner expects it');

/** What fetches of one form ask for at one moment. */
interface Batch {
  numbers: Map<string, number>;
  answer: Promise<ScannedAnswer>;
}

/** One run of a spliced plan: its answers, and the entities in them. */
export class SplicedRun {
  readonly #answers: (ScannedAnswer | undefined)[] = [];
  /** Of each entity at the place of a fetch, which of the answer it is. */
  readonly #numbers: number[][] = [];
  readonly #places: (EntitiesAtPlace | undefined)[] = [];
  readonly #batches = new Map<string, Batch>();
  #stopped = false;

  constructor(private readonly surroundings: SplicedSurroundings) {}

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

  answerOf({ index }: Source): ScannedAnswer {
    return this.#answers[index] ?? unsplicable();
  }

  numberOf({ index }: Source, entity: number): number {
    return this.#numbers[index]![entity]!;
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

  /** Takes an answer, with the entities in it. @param numbers of the entities that it is about, in the order of their place */
  #take(source: Source, answer: ScannedAnswer, numbers?: readonly number[]): void {
    this.#answers[source.index] = answer;
    for (const { index, walk, keyLeaves } of source.places) {
      const known = new Map<string, number>();
      const found = (this.#places[index] = new EntitiesAtPlace());
      const visit: Visit = (of, start, cell) => found.add(of, start, cell, keyLeaves, known);
      if (!numbers) walk(answer, source.scanner.start, 0, visit);
      else {
        const { starts, cells } = answer.entities;
        for (const number of numbers) walk(answer, starts[number]!, cells[number]!, visit);
      }
    }
    answer.release();
  }

  /** There is nothing to ask for. */
  #takeNothing({ places }: Source): void {
    for (const { index } of places) this.#places[index] = new EntitiesAtPlace();
  }

  async #do(step: SplicedStep): Promise<void> {
    switch (step.kind) {
      case 'turn':
        for (const one of step.steps) await this.#do(one);
        return;
      case 'once':
        await Promise.all(step.steps.map((one) => this.#do(one)));
        return;
      case 'root':
        await this.#root(step.source);
        return;
      case 'entities':
        await this.#entities(step.source);
    }
  }

  async #root(source: Source): Promise<void> {
    if (this.#stopped) unsplicable();
    const { serviceName, operation: document, operationName } = source.node;
    const { variables, recorded } = this.surroundings;
    const result = this.surroundings.fetch(serviceName, { document, operationName, variables: fetchVariables(source.node, variables), read: source.scanner.read });
    recorded.addRoot(source.node, result);
    this.#take(source, scannedBy(source, await result));
  }

  async #entities(source: EntitySource): Promise<void> {
    if (this.#stopped) unsplicable();
    const entities = this.entitiesAt(source.place);
    if (entities.count === 0) {
      this.#takeNothing(source);
      return;
    }
    const names = this.#names(source, entities);
    const batch = source.form.fetches === 1 ? this.#begun(source, names) : this.#joined(source, names);
    const answer = await batch.answer;
    if (answer.scanner !== source.scanner) unsplicable();
    const numbers = names.map((name) => batch.numbers.get(name)!);
    this.#numbers[source.index] = numbers;
    this.#take(source, answer, numbers);
  }

  /** What names the entities of a place to a subgraph, as JSON. */
  #names(source: EntitySource, entities: EntitiesAtPlace): string[] {
    const { nameKey } = source;
    if (nameKey === undefined) return this.#named(source, entities);
    let names = entities.names.get(nameKey);
    if (!names) entities.names.set(nameKey, (names = this.#named(source, entities)));
    return names;
  }

  #named({ place, name }: EntitySource, { count, starts, cells }: EntitiesAtPlace): string[] {
    const base = this.answerOf(place.base);
    return Array.from({ length: count }, (_, entity) => {
      let json = '';
      for (const { before, source, leaf } of name) {
        if (source) {
          const answer = this.answerOf(source);
          const number = this.numberOf(source, entity);
          json += before + answer.decoded(leaf.part(answer, answer.entities.starts[number]!, answer.entities.cells[number]!));
        } else json += before + base.decoded(leaf.part(base, starts[entity]!, cells[entity]!));
      }
      return `${json}}`;
    });
  }

  /** Together with whatever other fetches of this form ask for at the same moment. */
  #joined(source: EntitySource, names: readonly string[]): Batch {
    const { form } = source;
    let batch = this.#batches.get(form.key);
    if (!batch) {
      const numbers = new Map<string, number>();
      const answer = Promise.resolve().then(() => {
        this.#batches.delete(form.key);
        return this.#ask(source, numbers);
      });
      this.#batches.set(form.key, (batch = { numbers, answer }));
    }
    for (const name of names) if (!batch.numbers.has(name)) batch.numbers.set(name, batch.numbers.size);
    return batch;
  }

  #begun(source: EntitySource, names: readonly string[]): Batch {
    const numbers = new Map<string, number>();
    for (const name of names) if (!numbers.has(name)) numbers.set(name, numbers.size);
    return { numbers, answer: this.#ask(source, numbers) };
  }

  async #ask(source: EntitySource, numbers: Map<string, number>): Promise<ScannedAnswer> {
    const { node, form } = source;
    const { serviceName, operation: document, operationName } = node;
    const list = `[${[...numbers.keys()].join(',')}]`;
    const result = this.surroundings.fetch(serviceName, { document, operationName, ...entityVariables(node, this.surroundings.variables, list, JSON.parse(list) as unknown[]), read: source.scanner.read });
    this.surroundings.recorded.addEntities(form, { numbers, result });
    return scannedBy(source, await result);
  }
}

function scannedBy({ scanner }: Source, result: ExecutionResult): ScannedAnswer {
  return result instanceof ScannedAnswer && result.scanner === scanner ? result : unsplicable();
}

function unsplicable(): never {
  throw UNSPLICABLE;
}
