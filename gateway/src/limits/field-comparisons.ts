import { Kind, type DocumentNode, type FragmentDefinitionNode, type SelectionSetNode } from 'graphql';
import { fragmentsIn } from '../document-fragments.js';

/** The fields of one name at one place of an operation. */
interface Place {
  fields: number;
  inner: SelectionSetNode[];
}

/**
 * What it takes to find out whether the fields of a document can be merged, as validation does: the fields it has at each
 * place with its fragments put there, and each pair of them that has one name. Counting ends above `atMost`. The fragments
 * must not spread themselves.
 *
 * @returns the count of the definition that has most
 */
export function fieldComparisons(document: DocumentNode, atMost: number): number {
  const fragments = fragmentsIn(document);
  let most = 0;
  for (const definition of document.definitions) {
    if ('selectionSet' in definition && definition.selectionSet) most = Math.max(most, comparisonsOf(definition.selectionSet, fragments, atMost));
    if (most > atMost) break;
  }
  return most;
}

function comparisonsOf(selectionSet: SelectionSetNode, fragments: ReadonlyMap<string, FragmentDefinitionNode>, atMost: number): number {
  let counted = 0;
  const compare = (merged: readonly SelectionSetNode[]): void => {
    const places = new Map<string, Place>();
    const spread = new Set<string>();
    const collect = ({ selections }: SelectionSetNode): void => {
      for (const selection of selections) {
        if (++counted > atMost) return;
        if (selection.kind === Kind.INLINE_FRAGMENT) {
          collect(selection.selectionSet);
        } else if (selection.kind === Kind.FRAGMENT_SPREAD) {
          const fragment = fragments.get(selection.name.value);
          if (fragment && !spread.has(selection.name.value)) collect(spread.add(selection.name.value) && fragment.selectionSet);
        } else {
          const name = (selection.alias ?? selection.name).value;
          let place = places.get(name);
          if (!place) places.set(name, (place = { fields: 0, inner: [] }));
          counted += place.fields++;
          if (selection.selectionSet) place.inner.push(selection.selectionSet);
        }
      }
    };
    for (const set of merged) collect(set);
    for (const { inner } of places.values()) {
      if (counted > atMost) return;
      if (inner.length > 0) compare(inner);
    }
  };
  compare([selectionSet]);
  return counted;
}
