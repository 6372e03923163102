import { Kind, type DocumentNode, type SelectionSetNode } from 'graphql';
import { fragmentsIn } from '../document-fragments.js';

/** How large an operation is with its fragments put in place. */
export interface OperationSize {
  depth: number;
  aliases: number;
  directives: number;
  rootFields: number;
  /** All fields, whether they are skipped or not. */
  fields: number;
}

const NOTHING: OperationSize = { depth: 0, aliases: 0, directives: 0, rootFields: 0, fields: 0 };

/**
 * Measures the operations of a document whose fragments do not spread themselves. Each fragment is measured once, so that
 * fragments which spread each other are as cheap to measure as their text is long, however much they unfold to.
 */
export function operationSizes(document: DocumentNode): OperationSize[] {
  const definitions = fragmentsIn(document);
  const operations = document.definitions.filter((definition) => definition.kind === Kind.OPERATION_DEFINITION);
  const fragments = new Map<string, OperationSize>();

  const sizeOfFragment = (name: string): OperationSize => {
    const definition = definitions.get(name);
    if (!definition) return NOTHING;
    let size = fragments.get(name);
    if (!size) fragments.set(name, (size = plus(sizeOf(definition.selectionSet), { directives: definition.directives?.length ?? 0 })));
    return size;
  };

  /** `rootFields` counts the fields of this level. */
  const sizeOf = (selectionSet: SelectionSetNode): OperationSize => {
    let size = NOTHING;
    for (const selection of selectionSet.selections) {
      const directives = selection.directives?.length ?? 0;
      if (selection.kind === Kind.FRAGMENT_SPREAD) {
        size = plus(plus(size, sizeOfFragment(selection.name.value)), { directives });
      } else if (selection.kind === Kind.INLINE_FRAGMENT) {
        size = plus(plus(size, sizeOf(selection.selectionSet)), { directives });
      } else {
        const inner = selection.selectionSet ? sizeOf(selection.selectionSet) : NOTHING;
        const introspection = selection.name.value === '__schema' || selection.name.value === '__type';
        const field = { ...inner, depth: introspection ? 0 : inner.depth + 1, rootFields: 1 };
        size = plus(plus(size, field), { directives, aliases: selection.alias ? 1 : 0, fields: 1 });
      }
    }
    return size;
  };

  return operations.map((operation) => plus(sizeOf(operation.selectionSet), { directives: operation.directives?.length ?? 0 }));
}

function plus(size: OperationSize, more: Partial<OperationSize>): OperationSize {
  return {
    depth: Math.max(size.depth, more.depth ?? 0),
    aliases: size.aliases + (more.aliases ?? 0),
    directives: size.directives + (more.directives ?? 0),
    rootFields: size.rootFields + (more.rootFields ?? 0),
    fields: size.fields + (more.fields ?? 0),
  };
}
