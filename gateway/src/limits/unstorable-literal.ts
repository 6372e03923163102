import { findUnstorableText } from '@hutong/common';
import { Kind, visit, type ASTNode, type DocumentNode } from 'graphql';

const found = new WeakMap<DocumentNode, { place: string | undefined }>();

/** The argument (`input.name`) of the first literal text that cannot be stored, or undefined. A document is searched once. */
export function findUnstorableLiteral(document: DocumentNode): string | undefined {
  let known = found.get(document);
  if (!known) found.set(document, (known = { place: search(document) }));
  return known.place;
}

function search(document: DocumentNode): string | undefined {
  const names: string[] = [];
  let place: string | undefined;
  const enter = (node: ASTNode & { name: { value: string } }): void => void names.push(node.name.value);
  const leave = (): void => void names.pop();
  visit(document, {
    [Kind.ARGUMENT]: { enter, leave },
    [Kind.OBJECT_FIELD]: { enter, leave },
    [Kind.STRING]: ({ value }) => {
      if (findUnstorableText(value, '') !== undefined) place ??= names.join('.') || 'document';
    },
  });
  return place;
}
