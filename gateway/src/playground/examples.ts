import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { Kind, parse, print, TokenKind, valueFromASTUntyped, type DefinitionNode, type OperationDefinitionNode, type Token, type TypeNode } from 'graphql';
import type { Example, ExampleGroup, Text, VariableSource } from './example.types.js';

/** Operations to try, one file for each task of a user, read where they stand. */
export const examplesFolder = fileURLToPath(new URL('../../examples/', import.meta.url));

/** Every example, by task, in the order of the files. */
export async function exampleGroups(): Promise<ExampleGroup[]> {
  const files = (await readdir(examplesFolder)).filter((file) => file.endsWith('.graphql')).toSorted();
  return Promise.all(files.map(async (file) => exampleGroup(file, await readFile(path.join(examplesFolder, file), 'utf8'))));
}

/**
 * Reads a file of examples. It begins with the title of the task, in English and then in Chinese; and so does each operation,
 * in the comment right above it, where more lines say more. A line `# $id: submitTask.id, tasks.nodes.0.id` says where a
 * value for a variable stands in answers to other examples. Default values are what the variables are filled in with.
 */
export function exampleGroup(file: string, text: string): ExampleGroup {
  const document = parse(text);
  return { title: titleOf(headOf(document.loc!.startToken), file), examples: document.definitions.map((definition) => exampleOf(operationOf(definition, file), text, file)) };
}

function operationOf(definition: DefinitionNode, file: string): OperationDefinitionNode {
  if (definition.kind !== Kind.OPERATION_DEFINITION || !definition.name) throw new Error(`${file}: an example is an operation with a name`);
  return definition;
}

function exampleOf(operation: OperationDefinitionNode, text: string, file: string): Example {
  const name = operation.name!.value;
  const comments = commentsAbove(operation.loc!.startToken);
  const notes = comments.slice(2).filter((line) => !line.startsWith('$'));
  const variables = operation.variableDefinitions ?? [];
  const files = variables.filter(({ type }) => isFile(type)).map(({ variable }) => variable.name.value);
  const values = variables.filter(({ defaultValue }) => defaultValue).map(({ variable, defaultValue }) => [variable.name.value, valueFromASTUntyped(defaultValue!)]);
  return {
    name,
    kind: operation.operation,
    title: titleOf(comments, `${file}: ${name}`),
    query: [...notes.map((line) => `# ${line}`), withoutDefaults(operation, text)].join('\n'),
    variables: Object.fromEntries([...files.map((variable) => [variable, null]), ...values]) as Record<string, unknown>,
    files,
    sources: comments.filter((line) => line.startsWith('$')).map(sourceOf),
  };
}

function titleOf([en, zh]: string[], where: string): Text {
  if (!en || !zh) throw new Error(`${where}: a comment gives the title, in English and then in Chinese`);
  return { en, zh };
}

function sourceOf(line: string): VariableSource {
  const [variable, answers] = line.slice(1).split(':');
  return { variable: variable!, answers: answers!.split(',').map((place) => place.trim()) };
}

function isFile(type: TypeNode): boolean {
  return type.kind === Kind.NAMED_TYPE ? type.name.value === 'Upload' : isFile(type.type);
}

/** The operation as it is written, but for the default values of its variables. */
function withoutDefaults({ operation, name, variableDefinitions = [], selectionSet, loc }: OperationDefinitionNode, text: string): string {
  const variables = variableDefinitions.map(({ variable, type }) => `$${variable.name.value}: ${print(type)}`).join(', ');
  return `${operation} ${name!.value}${variables && `(${variables})`} ${text.slice(selectionSet.loc!.start, loc!.end)}`;
}

/** The lines of comment at the beginning of a file, up to an empty line. */
function headOf(start: Token): string[] {
  const lines: string[] = [];
  for (let token = start.next; token?.kind === TokenKind.COMMENT && token.line === lines.length + 1; token = token.next) lines.push(token.value.trim());
  return lines;
}

/** The lines of comment right above a definition. */
function commentsAbove(first: Token): string[] {
  const lines: string[] = [];
  for (let token = first.prev; token?.kind === TokenKind.COMMENT && token.line === first.line - lines.length - 1; token = token.prev) lines.unshift(token.value.trim());
  return lines;
}
