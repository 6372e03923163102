import { getOperationAST, GraphQLError, isAbstractType, Kind, TypeInfo, visit, visitWithTypeInfo, type DocumentNode, type GraphQLCompositeType, type GraphQLObjectType, type GraphQLSchema, type SelectionSetNode } from 'graphql';
import { fragmentsIn } from '../document-fragments.js';
import { isData, setOwn, type Data } from './executor/fetched.data.js';
import type { PlanOutcome } from './executor/plan.executor.js';

const RENAMED = 'client_alias_';

/** What is asked of an object, by its keys in the answer; below a leaf nothing is. */
type Asked = Map<string, Asked | undefined>;

/**
 * Aliases of a document that are names of other fields, as `{ me { id: name } }` has one. The planner takes what stands under
 * such a name for the field itself when it needs that, as a key or the type; so it gets a document with other aliases.
 */
export class ClientAliases {
  /** To be planned and run. */
  readonly document: DocumentNode;
  readonly #originals = new Map<string, string>();
  readonly #asked: Asked | undefined;

  /** @param schema of the whole supergraph, as what the planner needs may be hidden from clients; the document must be valid */
  constructor(document: DocumentNode, operationName: string | undefined, schema: GraphQLSchema) {
    const names = new Set<string>();
    const ambiguous = new Set<string>();
    const types = new TypeInfo(schema);
    visit(
      document,
      visitWithTypeInfo(types, {
        Field: ({ alias, name }) => {
          names.add(name.value);
          if (!alias || alias.value === name.value) return;
          names.add(alias.value);
          const parent = types.getParentType();
          if (alias.value === '__typename' || (parent && !isRoot(parent, schema) && hasField(parent, alias.value, schema))) ambiguous.add(alias.value);
        },
      }),
    );
    for (const alias of ambiguous) {
      let renamed = RENAMED + alias;
      while (names.has(renamed)) renamed = RENAMED + renamed;
      this.#originals.set(renamed, alias);
    }
    this.document = this.#originals.size === 0 ? document : this.#renamed(document);
    if (this.renames) this.#asked = askedOf(this.document, operationName);
  }

  /** Whether any alias was replaced. */
  get renames(): boolean {
    return this.#originals.size > 0;
  }

  /** What came of the document, as it is to be told of the one that was given. */
  restored({ data, errors, incomplete }: PlanOutcome): PlanOutcome {
    if (!this.#asked) return { data, errors, incomplete };
    return { data: data && (this.#restored(data, this.#asked) as Data), errors: errors.map((error) => (error instanceof GraphQLError ? this.#placed(error) : error)), incomplete: incomplete.map((error) => this.#placed(error)) };
  }

  #renamed(document: DocumentNode): DocumentNode {
    const renamed = new Map([...this.#originals].map(([key, alias]) => [alias, key]));
    return visit(document, {
      Field: (field) => {
        const key = field.alias && field.alias.value !== field.name.value ? renamed.get(field.alias.value) : undefined;
        return key === undefined ? undefined : { ...field, alias: { ...field.alias!, value: key } };
      },
    });
  }

  /** A leaf stays as it is, whatever keys it has. */
  #restored(value: unknown, asked: Asked | undefined): unknown {
    if (!asked) return value;
    if (Array.isArray(value)) return value.map((item) => this.#restored(item, asked));
    if (!isData(value)) return value;
    const restored: Data = {};
    for (const key of Object.keys(value)) setOwn(restored, this.#originals.get(key) ?? key, this.#restored(value[key], asked.get(key)));
    return restored;
  }

  #placed(error: GraphQLError): GraphQLError {
    const { message, path, extensions, originalError } = error;
    if (!path?.some((step) => this.#originals.has(String(step)))) return error;
    return new GraphQLError(message, { path: path.map((step) => this.#originals.get(String(step)) ?? step), extensions, ...(originalError ? { originalError } : {}) });
  }
}

/** What an operation asks, of objects of any type: those that may be at one place ask for leaves under the same keys. */
function askedOf(document: DocumentNode, operationName: string | undefined): Asked {
  const fragments = fragmentsIn(document);
  const collect = ({ selections }: SelectionSetNode, asked: Asked): Asked => {
    for (const selection of selections) {
      if (selection.kind === Kind.FIELD) {
        const key = (selection.alias ?? selection.name).value;
        asked.set(key, selection.selectionSet && collect(selection.selectionSet, asked.get(key) ?? new Map<string, Asked | undefined>()));
      } else collect(selection.kind === Kind.INLINE_FRAGMENT ? selection.selectionSet : fragments.get(selection.name.value)!.selectionSet, asked);
    }
    return asked;
  };
  return collect(getOperationAST(document, operationName)!.selectionSet, new Map());
}

/** Of a root type the planner needs no field. */
const isRoot = (type: GraphQLCompositeType, schema: GraphQLSchema): boolean => [schema.getQueryType(), schema.getMutationType(), schema.getSubscriptionType()].includes(type as GraphQLObjectType);

function hasField(type: GraphQLCompositeType, name: string, schema: GraphQLSchema): boolean {
  if ('getFields' in type && type.getFields()[name]) return true;
  return isAbstractType(type) && schema.getPossibleTypes(type).some((possible) => possible.getFields()[name]);
}
