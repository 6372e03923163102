import { getNamedType, isAbstractType, isCompositeType, Kind, type DocumentNode, type FragmentDefinitionNode, type GraphQLCompositeType, type GraphQLObjectType, type GraphQLSchema, type InlineFragmentNode, type SelectionNode, type SelectionSetNode } from 'graphql';
import { fragmentsIn } from '../../document-fragments.js';
import { TYPE_NAME } from './object-types.js';

/** What is made of a document may have so many selections. */
const MOST_SELECTIONS = 2_000;

/**
 * The same operation with no named fragments, and every fragment on an interface or a union written as fragments on the objects
 * that it concerns. The planner finds no plan for some on another abstract type than that of the field, where one is an
 * `@interfaceObject` in a subgraph. Undefined where it would grow too large. The document must be valid.
 */
export function withConcreteFragments(document: DocumentNode, schema: GraphQLSchema): DocumentNode | undefined {
  const writer = new ConcreteWriter(document, schema);
  const definitions = document.definitions.flatMap((definition) => {
    if (definition.kind !== Kind.OPERATION_DEFINITION) return [];
    return [{ ...definition, selectionSet: writer.selectionSet(definition.selectionSet, schema.getRootType(definition.operation)!) }];
  });
  return writer.left < 0 ? undefined : { ...document, definitions };
}

class ConcreteWriter {
  left = MOST_SELECTIONS;
  readonly #fragments: ReadonlyMap<string, FragmentDefinitionNode>;

  constructor(
    document: DocumentNode,
    private readonly schema: GraphQLSchema,
  ) {
    this.#fragments = fragmentsIn(document);
  }

  selectionSet({ selections, ...rest }: SelectionSetNode, type: GraphQLCompositeType): SelectionSetNode {
    const concrete = selections.flatMap((selection) => this.#selection(selection, type));
    return { ...rest, selections: concrete.length > 0 ? concrete : [TYPE_NAME] };
  }

  #selection(selection: SelectionNode, type: GraphQLCompositeType): SelectionNode[] {
    this.left -= 1;
    if (this.left < 0) return [];
    if (selection.kind === Kind.FIELD) {
      const inner = selection.selectionSet && 'getFields' in type && type.getFields()[selection.name.value];
      const named = inner ? getNamedType(inner.type) : undefined;
      return [isCompositeType(named) ? { ...selection, selectionSet: this.selectionSet(selection.selectionSet!, named) } : selection];
    }
    const fragment = selection.kind === Kind.FRAGMENT_SPREAD ? this.#fragments.get(selection.name.value)! : selection;
    const named = fragment.typeCondition && this.schema.getType(fragment.typeCondition.name.value);
    const condition = isCompositeType(named) ? named : type;
    return this.#concerned(type, condition).map((on): InlineFragmentNode => ({
      kind: Kind.INLINE_FRAGMENT,
      ...(on === type ? {} : { typeCondition: { kind: Kind.NAMED_TYPE, name: { kind: Kind.NAME, value: on.name } } }),
      ...(selection.directives ? { directives: selection.directives } : {}),
      selectionSet: this.selectionSet(fragment.selectionSet, on),
    }));
  }

  /** What can be there of a type where a fragment on another one stands in it. */
  #concerned(type: GraphQLCompositeType, condition: GraphQLCompositeType): GraphQLCompositeType[] {
    if (condition === type) return [type];
    const possible = this.#objects(type);
    return this.#objects(condition).filter((one) => possible.includes(one));
  }

  #objects = (type: GraphQLCompositeType): readonly GraphQLObjectType[] => (isAbstractType(type) ? this.schema.getPossibleTypes(type) : [type]);
}
