import { getNamedType, getNullableType, isInterfaceType, isListType, isObjectType, Kind, parse, type GraphQLOutputType, type GraphQLSchema, type SelectionSetNode } from 'graphql';
import { LRUCache } from 'lru-cache';
import { fragmentsIn } from '../document-fragments.js';
import { documentBytes } from '../limits/document-bytes.js';

interface Field {
  /** How many lists stand around a value; undefined: the graph does not know the field. */
  lists: number | undefined;
  /** Of an object; undefined: the value may be anything. */
  fields: Fields | undefined;
}

type Fields = Map<string, Field>;

const ENTITIES = '_entities';
const REMEMBERED_BYTES = 16 * 1024 * 1024;

/**
 * Knows the form of what fetches are answered with. The executor merges an answer into the others unseen, so that one of
 * another form would spoil them all.
 */
export class FetchedShapes {
  readonly #schema: GraphQLSchema;
  readonly #known = new LRUCache<string, Fields>({ maxSize: REMEMBERED_BYTES, sizeCalculation: (_, text) => documentBytes(text) });

  /** @param schema of the whole supergraph, with what clients do not see */
  constructor(schema: GraphQLSchema) {
    this.#schema = schema;
  }

  /**
   * @param count how many entities were asked for, if entities were
   * @throws Error when the data has fields that were not asked for, no object, list or type name where one belongs, or another number of entities
   */
  check(document: string, data: unknown, count?: number): void {
    let fields = this.#known.get(document);
    if (!fields) this.#known.set(document, (fields = this.#fieldsOf(document)));
    if (!fits(data, 0, fields)) throw new Error('it answered data of another form than was asked for');
    // Of other fetches, clients may call a field so.
    if (count === undefined) return;
    const entities = (data as { [ENTITIES]?: unknown[] } | null | undefined)?.[ENTITIES];
    if (entities && entities.length !== count) throw new Error('it answered another number of entities than was asked for');
  }

  #fieldsOf(document: string): Fields {
    const root: Fields = new Map();
    const parsed = parse(document, { noLocation: true });
    const fragments = fragmentsIn(parsed);
    const collect = ({ selections }: SelectionSetNode, parent: string | undefined, into: Fields): void => {
      for (const selection of selections) {
        if (selection.kind === Kind.FRAGMENT_SPREAD) {
          const fragment = fragments.get(selection.name.value);
          if (fragment) collect(fragment.selectionSet, fragment.typeCondition.name.value, into);
        } else if (selection.kind === Kind.INLINE_FRAGMENT) {
          collect(selection.selectionSet, selection.typeCondition?.name.value ?? parent, into);
        } else {
          const type = this.#typeOf(parent, selection.name.value);
          const key = (selection.alias ?? selection.name).value;
          const fields = selection.selectionSet && (into.get(key)?.fields ?? new Map<string, Field>());
          if (fields) collect(selection.selectionSet, type && getNamedType(type).name, fields);
          into.set(key, { lists: selection.name.value === ENTITIES ? 1 : type && listsOf(type), fields });
        }
      }
    };
    for (const definition of parsed.definitions) {
      if (definition.kind === Kind.OPERATION_DEFINITION) collect(definition.selectionSet, this.#schema.getRootType(definition.operation)?.name, root);
    }
    return root;
  }

  #typeOf(parent: string | undefined, field: string): GraphQLOutputType | undefined {
    const type = parent === undefined ? undefined : this.#schema.getType(parent);
    return isObjectType(type) || isInterfaceType(type) ? type.getFields()[field]?.type : undefined;
  }
}

function listsOf(type: GraphQLOutputType): number {
  const inner = getNullableType(type);
  return isListType(inner) ? 1 + listsOf(inner.ofType) : 0;
}

function fits(value: unknown, lists: number | undefined, fields: Fields | undefined): boolean {
  if (value === null || value === undefined || lists === undefined) return true;
  if (lists > 0) {
    if (!Array.isArray(value)) return false;
    for (const item of value) if (!fits(item, lists - 1, fields)) return false;
    return true;
  }
  if (!fields) return true;
  if (typeof value !== 'object' || Array.isArray(value)) return false;
  // What is inherited is of no prototype that JSON can name, and would be refused.
  for (const key in value) {
    const inner = (value as Record<string, unknown>)[key];
    const field = fields.get(key);
    if (field === undefined || (key === '__typename' && typeof inner !== 'string') || !fits(inner, field.lists, field.fields)) return false;
  }
  return true;
}
