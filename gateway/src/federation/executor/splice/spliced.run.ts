import type { ExecutionResult } from 'graphql';
import { entityVariables } from '../entity.batch.js';
import { fetchVariables } from '../fetch.variables.js';
import type { PlannedFetch } from '../plan.program.js';
import { EntitiesAtPlace } from './entity.places.js';
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
  readonly atMost: number;
  /** Texts that are used again, by what they are of and the number of the entity. */
  readonly memos: (string[] | undefined)[] = [];
  readonly #answers: (ScannedAnswer | undefined)[] = [];
  /** Of each entity at the place of a fetch, which of the answer it is. */
  readonly #numbers: number[][] = [];
  readonly #ended: boolean[] = [];
  readonly #places: (EntitiesAtPlace | undefined)[] = [];
  readonly #batches = new Map<string, Batch>();
  #stopped = false;

  constructor(private readonly surroundings: SplicedSurroundings) {
    this.atMost = surroundings.atMost;
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

  answerOf({ index }: Source): ScannedAnswer {
    return this.#answers[index] ?? unsplicable();
  }

  numberOf({ index }: Source, entity: number): number {
    return this.#numbers[index]![entity]!;
  }

  /** The number of the entity that stands next at a place; the object is at a cell. */
  nextAt(place: Place, cell: number): number {
    const entities = this.entitiesAt(place);
    const { next } = entities;
    if (entities.cells[next] !== cell) unsplicable();
    entities.next = next + 1;
    return entities.numbers[next]!;
  }

  entitiesAt(place: Place): EntitiesAtPlace {
    return (this.#places[place.index] ??= this.#found(place));
  }

  #found({ base, outer, walk, keyLeaves }: Place): EntitiesAtPlace {
    if (!this.#ended[base.index]) unsplicable();
    const answer = this.#answers[base.index];
    const found = new EntitiesAtPlace(answer, keyLeaves);
    if (!answer) return found;
    if (!outer) walk(answer, base.scanner.start, 0, found.add);
    else {
      const { starts, cells } = answer.entities;
      for (const number of this.#numbers[base.index]!) walk(answer, starts[number]!, cells[number]!, found.add);
    }
    return found;
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
    this.#answers[source.index] = scannedBy(source, await result);
    this.#ended[source.index] = true;
  }

  async #entities(source: EntitySource): Promise<void> {
    if (this.#stopped) unsplicable();
    const { count } = this.entitiesAt(source.place);
    if (count > 0) {
      const names = this.#names(source, count);
      const batch = source.form.fetches === 1 ? this.#begun(source, names) : this.#joined(source, names);
      const answer = await batch.answer;
      if (answer.scanner !== source.scanner) unsplicable();
      this.#answers[source.index] = answer;
      this.#numbers[source.index] = names.map((name) => batch.numbers.get(name)!);
    }
    this.#ended[source.index] = true;
  }

  /** What names the entities of a place to a subgraph, as JSON. */
  #names({ place, name }: EntitySource, count: number): string[] {
    const { answer, starts, firsts } = this.entitiesAt(place);
    return Array.from({ length: count }, (_, entity) => {
      let json = '';
      for (const { before, source, leaf } of name) {
        const from = source ? this.answerOf(source) : answer!;
        const number = source ? this.numberOf(source, entity) : entity;
        const text = source ? leaf.text(from, from.entities.starts[number]!, from.entities.cells[number]!) : leaf.text(from, starts[entity]!, firsts[entity]!);
        json += before + from.decoded(text);
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
