import { badInput, FILE_EXPECTED, isUpload, uploadsIn } from '@hutong/common';
import { Kind, OperationTypeNode, visit, type ASTNode, type DocumentNode, type OperationDefinitionNode, type TypeNode } from 'graphql';
import { fragmentsIn } from '../document-fragments.js';

export interface UploadOperation {
  document: DocumentNode;
  operation: OperationDefinitionNode;
  variables: Record<string, unknown>;
}

const UPLOAD = 'Upload';

/**
 * Whether the files of an operation can be given to it: each is read once as it comes, so that it has one place.
 *
 * @throws BAD_INPUT for files of anything but a mutation, for a file's variable used twice, and for something else in its place
 */
export function checkUploads({ document, operation, variables }: UploadOperation): void {
  for (const { variable, type } of operation.variableDefinitions ?? []) {
    const name = variable.name.value;
    const value = variables[name];
    if (namedType(type) === UPLOAD && !isOfFiles(value, type.kind === Kind.NON_NULL_TYPE)) throw badInput({ field: name, problem: FILE_EXPECTED });
    if (uploadsIn(value, name).length === 0) continue;
    if (operation.operation !== OperationTypeNode.MUTATION) throw badInput({ field: name, problem: 'files can be sent with a mutation only' });
    const uses = usesOf(name, document, operation);
    if (uses > 1) throw badInput({ field: name, problem: `the variable holds a file and is used ${uses} times; a file is read once, so send it in a variable of its own for each use` });
  }
}

const namedType = (type: TypeNode): string => (type.kind === Kind.NAMED_TYPE ? type.name.value : namedType(type.type));

function isOfFiles(value: unknown, required: boolean): boolean {
  if (value === undefined || value === null) return !required;
  return Array.isArray(value) ? value.every((item) => isOfFiles(item, false)) : isUpload(value);
}

/** How often the operation uses a variable, with its fragments put in place; two are enough to know. */
function usesOf(name: string, document: DocumentNode, operation: OperationDefinitionNode): number {
  const fragments = fragmentsIn(document);
  let uses = 0;
  const count = (node: ASTNode): void => {
    visit(node, {
      [Kind.VARIABLE_DEFINITION]: () => false,
      [Kind.VARIABLE]: (variable) => void (uses += variable.name.value === name ? 1 : 0),
      [Kind.FRAGMENT_SPREAD]: (spread) => {
        const fragment = fragments.get(spread.name.value);
        if (fragment && uses < 2) count(fragment.selectionSet);
      },
    });
  };
  count(operation);
  return uses;
}
