import type { FetchNode } from '@apollo/query-planner';
import type { GraphQLFormattedError } from 'graphql';
import type { Representation } from './entity.representation.js';
import { fetchVariables } from './fetch.variables.js';
import type { Run } from './plan.program.js';

/** What fetches of a plan have in common that ask one subgraph the same of entities, wherever these stand. */
export interface FetchForm {
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
    if (!form) this.#forms.set(key, (form = { fetches: 0 }));
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
    const variables = fetchVariables(node, run.variables);
    const others = JSON.stringify(variables);
    const variablesJson = `${others.slice(0, -1)}${others === '{}' ? '' : ','}"representations":[${this.#representations.map(({ json }) => json).join(',')}]}`;
    variables['representations'] = this.#representations.map((representation) => representation.data());
    const { data, errors = [] } = await run.fetch(serviceName, { document, operationName, variables, variablesJson });
    if (!data) return { entities: undefined, errors };
    const entities: unknown = data['_entities'];
    if (Array.isArray(entities) && entities.length === this.#representations.length) return { entities, errors };
    run.failed(new Error(`"data._entities" of ${serviceName} is no list of ${this.#representations.length} entities`));
    return { entities: undefined, errors };
  }
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
