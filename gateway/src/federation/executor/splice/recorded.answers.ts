import type { FetchNode } from '@apollo/query-planner';
import type { ExecutionResult, GraphQLFormattedError } from 'graphql';
import type { AnsweredEntities, FetchForm } from '../entity.batch.js';

/** Entities that were asked for with one request, by what names them. */
interface RecordedEntities {
  numbers: ReadonlyMap<string, number>;
  result: Promise<ExecutionResult>;
  /** What was found in it by who asked first. */
  list?: { entities: readonly unknown[] | undefined };
}

/** What the fetches of one run are answered: whoever begins anew asks for nothing twice. */
export class RecordedAnswers {
  readonly #roots = new Map<string, Promise<ExecutionResult>>();
  readonly #entities = new Map<string, RecordedEntities[]>();

  addRoot(node: FetchNode, result: Promise<ExecutionResult>): void {
    this.#roots.set(rootKey(node), result);
  }

  addEntities({ key }: FetchForm, recorded: RecordedEntities): void {
    const others = this.#entities.get(key);
    if (others) others.push(recorded);
    else this.#entities.set(key, [recorded]);
  }

  /** What root fields were answered. */
  rootOf(node: FetchNode): Promise<ExecutionResult> | undefined {
    return this.#roots.get(rootKey(node));
  }

  /**
   * What was answered of these entities; undefined where one of them was not asked for.
   *
   * @param listIn the list of so many entities in an answer, told of where it is none
   */
  entitiesOf({ key }: FetchForm, names: readonly string[], listIn: ListIn): Promise<AnsweredEntities> | undefined {
    const all = this.#entities.get(key) ?? [];
    const found = names.map((name) => all.find(({ numbers }) => numbers.has(name)));
    return found.every((one) => one !== undefined) ? answeredOf(names, found, listIn) : undefined;
  }
}

type ListIn = (result: ExecutionResult, count: number) => readonly unknown[] | undefined;

const rootKey = ({ serviceName, operation }: FetchNode): string => `${serviceName}\n${operation}`;

async function answeredOf(names: readonly string[], found: readonly RecordedEntities[], listIn: ListIn): Promise<AnsweredEntities> {
  const errors: GraphQLFormattedError[] = [];
  const entities: unknown[] = Array.from({ length: names.length });
  for (const recorded of new Set(found)) {
    const { numbers } = recorded;
    const result = await recorded.result;
    recorded.list ??= { entities: listIn(result, numbers.size) };
    const own = new Map<number, number>();
    for (const [index, name] of names.entries()) {
      if (found[index] !== recorded) continue;
      const number = numbers.get(name)!;
      own.set(number, index);
      entities[index] = recorded.list.entities?.[number];
    }
    for (const error of result.errors ?? []) {
      const [root, number, ...rest] = error.path ?? [];
      if (typeof number !== 'number') errors.push(error);
      else if (own.has(number)) errors.push({ ...error, path: [root!, own.get(number)!, ...rest] });
    }
  }
  return { entities, errors };
}
