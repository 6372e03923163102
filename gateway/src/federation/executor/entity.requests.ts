import type { FetchNode } from '@apollo/query-planner';
import type { ExecutionResult, GraphQLFormattedError } from 'graphql';
import type { Representation } from './entity.representation.js';

/** What fetches of a plan have in common that ask one subgraph the same of entities, wherever these stand: the same text for the same form. */
export type FetchForm = string;

export function fetchForm({ serviceName, operation, operationName, variableUsages }: FetchNode): FetchForm {
  const unnamed = operationName === undefined ? operation : operation.replace(operationName, '');
  return JSON.stringify([serviceName, unnamed, variableUsages]);
}

/** Sends a request about entities. */
export type AskEntities = (wanted: readonly Representation[]) => Promise<ExecutionResult>;

/** Entities that are asked for with one request, from the moment on in which the first of them is wanted. */
export class EntityRequest {
  readonly wanted: Representation[] = [];
  /** What it was answered, from then on. */
  answer: ExecutionResult | undefined;
  readonly answered: Promise<void>;
  /** Who was the first to use its entities. */
  user: FetchNode | undefined;
  #entities: readonly unknown[] | undefined;

  constructor(ask: AskEntities) {
    this.answered = this.#ask(ask);
  }

  async #ask(ask: AskEntities): Promise<void> {
    // All fetches that can be made now are begun in one turn.
    await Promise.resolve();
    this.answer = await ask(this.wanted);
  }

  /** The entities that the subgraph answered; none where that is no list of them, of which `failed` is told the first time. */
  entities(subgraph: string, failed: (error: Error) => void): readonly unknown[] {
    if (this.#entities) return this.#entities;
    const data = this.answer?.data;
    const entities = data?.['_entities'];
    const count = this.wanted.length;
    const isWhole = Array.isArray(entities) && entities.length === count;
    if (data && !isWhole) failed(new Error(`"data._entities" of ${subgraph} is no list of ${count} entities`));
    return (this.#entities = isWhole ? entities : []);
  }
}

/** One of the entities of a request. */
export interface AskedEntity {
  request: EntityRequest;
  index: number;
}

/** What the fetches of one form ask for while a plan runs: each entity once, whichever of them wants it first. */
export class EntityRequests {
  readonly #asked = new Map<string, AskedEntity>();
  #next: EntityRequest | undefined;

  /** What nobody asked for before is asked for together with whatever other fetches want at the same moment. */
  ask(wanted: readonly Representation[], ask: AskEntities): AskedEntity[] {
    return wanted.map((representation) => {
      const { json } = representation;
      let asked = this.#asked.get(json);
      if (!asked) {
        const request = this.#gathering(ask);
        asked = { request, index: request.wanted.push(representation) - 1 };
        this.#asked.set(json, asked);
      }
      return asked;
    });
  }

  #gathering(ask: AskEntities): EntityRequest {
    return (this.#next ??= new EntityRequest((wanted) => {
      this.#next = undefined;
      return ask(wanted);
    }));
  }
}

/** The requests that these entities are of. */
export function requestsOf(asked: readonly AskedEntity[]): EntityRequest[] {
  const requests: EntityRequest[] = [];
  for (const { request } of asked) if (request !== requests.at(-1) && !requests.includes(request)) requests.push(request);
  return requests;
}

/** Resolves when all of them were answered. */
export const answered = (requests: readonly EntityRequest[]): Promise<unknown> => (requests.length === 1 ? requests[0]!.answered : Promise.all(requests.map((request) => request.answered)));

/** The errors of these requests that concern some of their entities, or none in particular, with the number that an entity has here as the second step of their paths. */
export function errorsAbout(asked: readonly AskedEntity[], requests: readonly EntityRequest[]): GraphQLFormattedError[] {
  return requests.flatMap((request) => {
    const { errors } = request.answer!;
    if (!errors) return [];
    const numbers = new Map(asked.flatMap((one, number) => (one.request === request ? [[one.index, number] as const] : [])));
    return errors.flatMap((error): GraphQLFormattedError[] => {
      const [root, index, ...rest] = error.path ?? [];
      if (typeof index !== 'number') return [error];
      const number = numbers.get(index);
      return number === undefined ? [] : [{ ...error, path: [root!, number, ...rest] }];
    });
  });
}
