import {
  defaultFieldResolver,
  getArgumentValues,
  getNamedType,
  isLeafType,
  isNonNullType,
  SchemaMetaFieldDef,
  TypeMetaFieldDef,
  TypeNameMetaFieldDef,
  type FieldNode,
  type GraphQLField,
  type GraphQLFieldResolver,
  type GraphQLObjectType,
  type GraphQLOutputType,
  type GraphQLResolveInfo,
  type GraphQLSchema,
  type ResponsePath,
  type SelectionSetNode,
} from 'graphql';
import { answerSize } from '../answer-size.js';
import { PUNCTUATION, taken, uncounted } from '../counted-schema.js';
import { completionOf, leafCompletionOf } from './completion.js';
import { isPromise, nullFor, type Compiling, type Complete, type CompleteLeaf, type QueryRun } from './query-run.js';
import { selectedNodes } from './selected-nodes.js';

/** A field as it is selected in one place. */
interface CompiledField {
  key: string;
  nodes: readonly FieldNode[];
  parent: GraphQLObjectType;
  definition: GraphQLField<unknown, unknown>;
  /** Undefined where the value is read from the object. */
  resolve: GraphQLFieldResolver<unknown, unknown> | undefined;
  complete: Complete;
  /** Of a leaf, which needs no more than its value. */
  completeLeaf: CompleteLeaf | undefined;
  /** Its values are leaves, or lists of them. */
  isLeaf: boolean;
  /** Of the answer, for its name. */
  nameBytes: number;
  isRequired: boolean;
}

/** Objects of one type as they are selected in one place. */
export class CompiledObject {
  readonly #compiling: Compiling;
  readonly #fields: readonly CompiledField[];

  constructor(compiling: Compiling, type: GraphQLObjectType, sets: readonly SelectionSetNode[]) {
    this.#compiling = compiling;
    this.#fields = [...selectedNodes(compiling, type, sets)].flatMap(([key, nodes]) => {
      const definition = definitionOf(compiling.schema, type, nodes[0]!.name.value);
      return definition ? [this.#compiled(type, key, nodes, definition)] : [];
    });
  }

  #compiled(parent: GraphQLObjectType, key: string, nodes: readonly FieldNode[], definition: GraphQLField<unknown, unknown>): CompiledField {
    const type: GraphQLOutputType = definition.type;
    return {
      key,
      nodes,
      parent,
      definition,
      resolve: definition.resolve && uncounted(definition.resolve),
      complete: completionOf(this.#compiling, type, nodes, `${parent.name}.${definition.name}`),
      completeLeaf: leafCompletionOf(type, `${parent.name}.${definition.name}`),
      isLeaf: isLeafType(getNamedType(type)),
      nameBytes: key.length + PUNCTUATION,
      isRequired: isNonNullType(type),
    };
  }

  /** The object's fields, all begun at once. @throws GraphQLError of a field that has to have a value and has none */
  execute(run: QueryRun, source: unknown, place: ResponsePath | undefined): unknown {
    const data: Record<string, unknown> = {};
    let isPending = false;
    try {
      for (const field of this.#fields) {
        const value = this.#execute(run, field, source, place);
        data[field.key] = value;
        if (isPromise(value)) isPending = true;
      }
    } catch (error) {
      if (!isPending) throw error;
      // What the other fields promise may be broken as well.
      return settled(data).finally(() => {
        throw error;
      });
    }
    return isPending ? settled(data) : data;
  }

  #execute(run: QueryRun, field: CompiledField, source: unknown, above: ResponsePath | undefined): unknown {
    const { resolve, completeLeaf, definition } = field;
    try {
      if (completeLeaf && !resolve && typeof source === 'object' && source !== null) {
        const value = (source as Record<string, unknown>)[definition.name];
        if (typeof value !== 'function' && !isPromise(value)) return completedLeaf(run, field, completeLeaf, value);
      }
      return this.#resolved(run, field, source, placeOf(field, above));
    } catch (error) {
      // Where it stands is told of a fault alone.
      return failed(run, field, placeOf(field, above), error);
    }
  }

  #resolved(run: QueryRun, field: CompiledField, source: unknown, place: ResponsePath): unknown {
    const info = this.#infoOf(run, field, place);
    const value = resolved(run, field, source, info);
    if (!isPromise(value)) {
      const completed = field.complete(run, value, place, info);
      return isPromise(completed) ? completed.then(undefined, (error: unknown) => failed(run, field, place, error)) : completed;
    }
    return value.then((later) => field.complete(run, later, place, info)).then(undefined, (error: unknown) => failed(run, field, place, error));
  }

  #infoOf({ rootValue, variables }: QueryRun, { definition, nodes, parent }: CompiledField, path: ResponsePath): GraphQLResolveInfo {
    const { schema, fragments, operation } = this.#compiling;
    return { fieldName: definition.name, fieldNodes: nodes, returnType: definition.type, parentType: parent, path, schema, fragments, rootValue, operation, variableValues: variables };
  }
}

/** Every type has `__typename`, and that of queries what tells of the schema. */
function definitionOf(schema: GraphQLSchema, type: GraphQLObjectType, name: string): GraphQLField<unknown, unknown> | undefined {
  if (name === TypeNameMetaFieldDef.name) return TypeNameMetaFieldDef;
  return type.getFields()[name] ?? (type === schema.getQueryType() ? [SchemaMetaFieldDef, TypeMetaFieldDef].find((meta) => meta.name === name) : undefined);
}

function completedLeaf({ budget }: QueryRun, { nameBytes }: CompiledField, complete: CompleteLeaf, value: unknown): unknown {
  if (budget && !budget.take(nameBytes + answerSize(value, budget.left))) return budget.never;
  return complete(value);
}

/** What a field answers, not completed. Its size is taken from the budget, and nothing is asked of it when that is used up; see `countAnswers`. */
function resolved(run: QueryRun, field: CompiledField, source: unknown, info: GraphQLResolveInfo): unknown {
  const { budget } = run;
  const { isLeaf, nameBytes } = field;
  if (budget === undefined) return valueOf(run, field, source, info);
  if (!isLeaf) return budget.take(nameBytes) ? valueOf(run, field, source, info) : budget.never;
  if (budget.left < 0) return budget.never;
  const value = valueOf(run, field, source, info);
  return isPromise(value) ? value.then((later) => taken(later, nameBytes, budget)) : taken(value, nameBytes, budget);
}

const valueOf = ({ variables, context }: QueryRun, { definition, nodes, resolve = defaultFieldResolver }: CompiledField, source: unknown, info: GraphQLResolveInfo): unknown =>
  resolve(source, definition.args.length === 0 ? {} : getArgumentValues(definition, nodes[0]!, variables), context, info);

const placeOf = ({ key, parent }: CompiledField, above: ResponsePath | undefined): ResponsePath => ({ prev: above, key, typename: parent.name });

const failed = (run: QueryRun, { nodes, isRequired }: CompiledField, place: ResponsePath, fault: unknown): null => nullFor(run, nodes, place, isRequired, fault);

/** The same object, when all that it holds has come. */
async function settled(data: Record<string, unknown>): Promise<Record<string, unknown>> {
  const keys = Object.keys(data);
  const values = await Promise.all(Object.values(data));
  for (let n = 0; n < keys.length; n += 1) data[keys[n]!] = values[n];
  return data;
}
