import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { subgraphNames } from '@hutong/common';
import { buildSchema, Kind, parse, type ConstDirectiveNode, type DocumentNode, type ObjectTypeDefinitionNode } from 'graphql';
import type { Scope } from './callers.js';

const SCHEMA = join(import.meta.dirname, '../../schema');
const ROOTS = ['Query', 'Mutation', 'Subscription'];

/** The graph as clients have it. */
export const graph = buildSchema(await readFile(join(SCHEMA, 'api.graphql'), 'utf8'));

/** The graph of each subgraph. */
export const subgraphs: ReadonlyMap<string, DocumentNode> = new Map(await Promise.all(subgraphNames.map(async (name) => [name, parse(await readFile(join(SCHEMA, `${name}.graphql`), 'utf8'))] as const)));

export const typesOf = ({ definitions }: DocumentNode): ObjectTypeDefinitionNode[] => definitions.filter((definition) => definition.kind === Kind.OBJECT_TYPE_DEFINITION);

/** The keys by which a subgraph answers for an entity. */
export function keysOf({ directives = [] }: ObjectTypeDefinitionNode): string[] {
  return directives.filter((directive) => directive.name.value === 'key' && argumentOf(directive, 'resolvable') !== false).map((directive) => String(argumentOf(directive, 'fields')));
}

/** Whether a subgraph only names an entity that another one answers for. */
export const isReference = ({ directives = [] }: ObjectTypeDefinitionNode): boolean => directives.some((directive) => directive.name.value === 'key' && argumentOf(directive, 'resolvable') === false);

function argumentOf({ arguments: given = [] }: ConstDirectiveNode, name: string): unknown {
  const value = given.find((argument) => argument.name.value === name)?.value;
  return value && 'value' in value ? value.value : undefined;
}

const scopes = new Map<string, Scope>();
for (const [subgraph, document] of subgraphs) {
  for (const type of typesOf(document).filter(({ name }) => ROOTS.includes(name.value))) {
    for (const field of type.fields ?? []) scopes.set(`${type.name.value}.${field.name.value}`, `${subgraph}:${type.name.value === 'Mutation' ? 'write' : 'read'}`);
  }
}

/** What an API token needs for a root field, such as `Query.task`. */
export const scopeOf = (field: string): Scope => scopes.get(field)!;
