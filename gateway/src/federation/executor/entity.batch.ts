import type { FetchNode } from '@apollo/query-planner';
import type { ExecutionResult, GraphQLFormattedError } from 'graphql';
import type { Representation } from './entity.representation.js';
import { fetchVariables } from './fetch.variables.js';
import type { PlannedFetch, Run } from './plan.program.js';

/** What fetches of a plan have in common that ask one subgraph the same of entities, wherever these stand. */
export interface FetchForm {
  /** The same for the same form, in whatever is made of the plan. */
  readonly key: string;
  /** How many fetches of the plan have it. */
  fetches: number;
}

/** The forms of one plan. */
export class FetchForms {
  readonly #forms = new Map<string, FetchForm>();

  of({ serviceName, operation, operationName, variableUsages }: FetchNode): FetchForm {
    const unnamed = operationName === undefined ? operation : operation.replace(operationName, '');
    const key = JSON.stringify([serviceName, unnamed, variableUsages]);
    let form = this.#forms.get(key);
    if (!form) this.#forms.set(key, (form = { key, fetches: 0 }));
    form.fetches += 1;
    return form;
  }
}

/** What a subgraph answered of entities that were asked for. */
export interface AnsweredEntities {
  /** In the order in which they were asked for; undefined where there is no answer. */
  entities: readonly unknown[] | undefined;
  /** With the number of the entity in the place of the second step of their paths. */
  errors: readonly GraphQLFormattedError[];
}

/** Entities that are asked for with one request. */
export class EntityBatch {
  readonly #numbers = new Map<string, number>();
  readonly #representations: Representation[] = [];
  #answer: Promise<AnsweredEntities> | undefined;

  /** Asks for entities together with whatever other fetches of this form ask for at the same moment, each entity once. */
  static async ask(node: FetchNode, form: FetchForm, representations: readonly Representation[], run: Run): Promise<AnsweredEntities> {
    const recorded = run.recorded?.entitiesOf(form, representations.map(({ json }) => json), (result, count) => entitiesIn(result, count, node.serviceName, run));
    if (recorded) return recorded;
    if (form.fetches === 1) {
      const alone = new EntityBatch();
      for (const representation of representations) alone.#add(representation);
      return alone.#send(node, run);
    }
    let batch = run.batches.get(form);
    if (!batch) run.batches.set(form, (batch = new EntityBatch()));
    const numbers = representations.map((representation) => batch.#add(representation));
    // All fetches that can be made now are begun in one turn.
    batch.#answer ??= Promise.resolve().then(() => {
      run.batches.delete(form);
      return batch.#send(node, run);
    });
    return partOf(await batch.#answer, numbers);
  }

  #add(representation: Representation): number {
    let number = this.#numbers.get(representation.json);
    if (number === undefined) {
      this.#numbers.set(representation.json, (number = this.#representations.length));
      this.#representations.push(representation);
    }
    return number;
  }

  async #send(node: FetchNode, run: Run): Promise<AnsweredEntities> {
    const { serviceName, operation: document, operationName } = node;
    const list = `[${this.#representations.map(({ json }) => json).join(',')}]`;
    const result = await run.fetch(serviceName, { document, operationName, ...entityVariables(node, run.variables, list, this.#representations.map((representation) => representation.data())) });
    return { entities: entitiesIn(result, this.#representations.length, serviceName, run), errors: result.errors ?? [] };
  }
}

/** The variables of a fetch of entities. @param list what names these, as JSON, and as it is */
export function entityVariables(node: FetchNode, given: Readonly<Record<string, unknown>>, list: string, representations: readonly unknown[]): Pick<PlannedFetch, 'variables' | 'variablesJson'> {
  const variables = fetchVariables(node, given);
  const others = JSON.stringify(variables);
  const variablesJson = `${others.slice(0, -1)}${others === '{}' ? '' : ','}"representations":${list}}`;
  variables['representations'] = representations;
  return { variables, variablesJson };
}

function entitiesIn({ data }: ExecutionResult, count: number, serviceName: string, { failed }: Pick<Run, 'failed'>): readonly unknown[] | undefined {
  if (!data) return undefined;
  const entities: unknown = data['_entities'];
  if (Array.isArray(entities) && entities.length === count) return entities;
  failed(new Error(`"data._entities" of ${serviceName} is no list of ${count} entities`));
  return undefined;
}

function partOf({ entities, errors }: AnsweredEntities, numbers: readonly number[]): AnsweredEntities {
  const told = errors.flatMap((error): GraphQLFormattedError[] => {
    const [root, number, ...rest] = error.path ?? [];
    if (typeof number !== 'number') return [error];
    const own = numbers.indexOf(number);
    return own === -1 ? [] : [{ ...error, path: [root!, own, ...rest] }];
  });
  return { entities: entities && numbers.map((number) => entities[number]), errors: told };
}
