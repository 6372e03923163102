import { join } from 'node:path';
import { CallerTokens } from '@hutong/common';
import { isCompositeType, getNamedType, Kind, type GraphQLObjectType, type ObjectTypeDefinitionNode, type TypeNode } from 'graphql';
import { describe, expect, test } from 'vitest';
import { EXPECTED, NOTHING, nothingLike, SEES } from './answers.js';
import { CALLERS, type CallerName, type Scope } from './callers.js';
import { entityAsks, pathAsks, type EntityAsk } from './entity.asks.js';
import { BY_ID, isSeen } from './queries.suite.js';
import { graph, isReference, keysOf, scopeOf, subgraphs, typesOf } from './schema.js';
import { forEachCaller, markdownOf } from './table.js';
import type { World } from './world.js';

const TOKENS = ['no token', 'forged', 'expired', 'for another subgraph'] as const;
const ASKING = CALLERS.filter((caller) => !['expired', 'revoked', 'disabled'].includes(caller));

const ABOUT = `What a subgraph answers itself when the gateway asks it for an entity that another subgraph has named: without a good token of the platform, and with one for each caller. Those whose credential is not good are refused before. \`${SEES}\`, \`${NOTHING}\` as for what does not exist, or a refusal.`;
const ABOUT_PATHS = `What each caller is shown of an entity where another subgraph names it. \`${SEES}\`, \`${NOTHING}\`, or the code of a refusal, of the root field or of the entity.`;

interface Entity {
  subgraph: string;
  type: ObjectTypeDefinitionNode;
  key: string;
}

const entities: readonly Entity[] = [...subgraphs].flatMap(([subgraph, document]) => typesOf(document).flatMap((type) => keysOf(type).map((key) => ({ subgraph, type, key }))));

const namedOf = (type: TypeNode): string => (type.kind === Kind.NAMED_TYPE ? type.name.value : namedOf(type.type));

/** Entities of every subgraph, asked for as the gateway does, and on every way through the graph. */
export function entitiesSuite(world: () => World): void {
  describe('entities', () => {
    test('there is a row for every key of every entity, and for every way to one', () => {
      expect(Object.keys(entityAsks).toSorted()).toEqual(entities.map(({ type, key }) => `${type.name.value} by ${key}`).toSorted());
      expect(Object.keys(pathAsks).toSorted()).toEqual(waysToOthers().toSorted());
    });

    test('a subgraph answers the platform alone, and shows each caller what the field itself does', async () => {
      const table = new Map<string, Record<string, string>>();
      const more: string[] = [];
      for (const { subgraph, type, key } of entities) {
        for (const ask of entityAsks[`${type.name.value} by ${key}`]!) {
          const row = [`${subgraph}: ${type.name.value} by ${key}`, ...(ask.of === undefined ? [] : [ask.of])].join(', ');
          const cells = await rowOf(world(), { subgraph, type, key }, ask);
          table.set(row, cells);
          if (type.name.value !== 'User' && !BY_ID.has(type.name.value)) continue;
          for (const caller of ASKING) {
            const { id } = ask.key(world().things);
            if (cells[caller] === SEES && !(await isSeen(world(), caller, type.name.value, id!))) more.push(`${row} to ${caller}`);
          }
        }
      }
      await expect(markdownOf('Entities', ABOUT, 'entity', table, [...TOKENS, ...ASKING])).toMatchFileSnapshot(join(EXPECTED, 'entities.md'));
      expect(more).toEqual([]);
    }, 120_000);

    test('what is for peers is not for clients, whoever they are', async () => {
      const refused: string[] = [];
      for (const [subgraph, document] of subgraphs) {
        const roots = typesOf(document).filter(({ name }) => ['Query', 'Mutation'].includes(name.value));
        for (const root of roots) {
          for (const { name, arguments: given = [], directives = [], type } of root.fields ?? []) {
            if (!directives.some((directive) => directive.name.value === 'inaccessible')) continue;
            const isLeaf = !typesOf(document).some((of) => of.name.value === namedOf(type));
            const values = given.map((argument) => `${argument.name.value}: ${namedOf(argument.type) === 'String' || namedOf(argument.type) === 'ID' ? '"x"' : '{}'}`).join(', ');
            const query = `${root.name.value.toLowerCase()} { ${name.value}${values && `(${values})`}${isLeaf ? '' : ' { __typename }'} }`;
            for (const origin of ['client', 'stored'] as const) {
              const { body } = await post(world(), subgraph, { query: query.replace('input: {}', 'input: $input').replace(/^(\w+) \{/, values.includes('{}') ? `$1 ($input: ${namedOf(given[0]!.type)}!) {` : '$1 {'), variables: {} }, tokenFor(world(), subgraph, 'admin', origin));
              const code = body.errors?.[0]?.extensions?.code ?? body.errors?.[0]?.message;
              refused.push(`${subgraph}.${name.value} to ${origin}: ${code}`);
            }
          }
        }
      }
      expect(refused.length).toBeGreaterThan(10);
      expect(refused.filter((line) => !/: (?:FORBIDDEN|BAD_INPUT)$/.test(line) && !line.includes('was not provided'))).toEqual([]);
    });

    test('no way through the graph shows more of an entity than its own field', async () => {
      const table = new Map<string, Record<string, string>>();
      for (const [way, { query, id }] of Object.entries(pathAsks)) {
        const [type = '', field = ''] = way.split('.');
        const target = getNamedType((graph.getType(type) as GraphQLObjectType).getFields()[field]!.type) as GraphQLObjectType;
        const leaves = Object.values(target.getFields()).filter((of) => !isCompositeType(getNamedType(of.type)) && of.args.length === 0);
        const root = /\{ (\w+)/.exec(query)![1]!;
        const document = query.replace('…', `${field} { ${leaves.map(({ name }) => name).join(' ')} }`);
        const { things, callers } = world();
        const cells = await forEachCaller(async (caller) => {
          const { data, errors } = await callers.as(caller, scopeOf(`Query.${root}`)).graph(document, id === undefined ? {} : { id: things[id] });
          return errors[0]?.extensions.code ?? (valuesAt(data, field).some((value) => value !== null) ? SEES : NOTHING);
        });
        table.set(`${way} → ${target.name}`, cells);
      }
      await expect(markdownOf('Ways to entities', ABOUT_PATHS, 'way', table)).toMatchFileSnapshot(join(EXPECTED, 'ways.md'));
    });
  });
}

/** Fields of a subgraph's types whose entity another subgraph answers for, as `Task.owner`. */
function waysToOthers(): string[] {
  return [...subgraphs.values()].flatMap((document) => {
    const types = typesOf(document);
    const elsewhere = new Set(types.filter(isReference).map(({ name }) => name.value));
    return types.flatMap(({ name, fields = [] }) => fields.filter(({ type }) => elsewhere.has(namedOf(type))).map((field) => `${name.value}.${field.name.value}`));
  });
}

async function rowOf(world: World, { subgraph, type }: Entity, { key }: EntityAsk): Promise<Record<string, string>> {
  const document = subgraphs.get(subgraph)!;
  const composite = new Set([...typesOf(document).map(({ name }) => name.value), 'Job']);
  const leaves = (type.fields ?? []).filter((field) => !composite.has(namedOf(field.type)) && (field.arguments ?? []).length === 0).map(({ name }) => name.value);
  const query = `query ($of: [_Any!]!) { _entities(representations: $of) { __typename ... on ${type.name.value} { ${leaves.join(' ')} } } }`;
  const ask = async (token: string | undefined, things = world.things): Promise<string> => {
    const { status, body } = await post(world, subgraph, { query, variables: { of: [{ __typename: type.name.value, ...key(things) }] } }, token);
    if (status === 401) return '401';
    if (body.errors) return String(body.errors[0]?.extensions?.code ?? body.errors[0]?.message);
    return body.data._entities[0] === null ? NOTHING : SEES;
  };
  const claims = { caller: world.callers.toSubgraph('admin', `${subgraph}:read`), origin: 'client' as const };
  const other = [...subgraphs.keys()].find((name) => name !== subgraph)!;
  const cells: Record<string, string> = {
    'no token': await ask(undefined),
    forged: await ask(new CallerTokens('the secret of somebody else').sign(subgraph, claims)),
    expired: await ask(new CallerTokens(world.secret, () => Date.now() - 61_000).sign(subgraph, claims)),
    'for another subgraph': await ask(world.tokens.sign(other, claims)),
  };
  for (const caller of ASKING) {
    const token = tokenFor(world, subgraph, caller);
    cells[caller] = await ask(token);
    const isOwn = JSON.stringify(key(world.things)) !== JSON.stringify(key(nothingLike(world.things)));
    if (isOwn && cells[caller] === NOTHING) expect(await ask(token, nothingLike(world.things))).toBe(NOTHING);
  }
  return cells;
}

const tokenFor = ({ callers, tokens }: World, subgraph: string, caller: CallerName, origin: 'client' | 'stored' = 'client'): string =>
  tokens.sign(subgraph, { caller: callers.toSubgraph(caller, `${subgraph}:read` satisfies Scope), origin });

// oxlint-disable-next-line typescript/no-explicit-any -- a test reads data of any shape
async function post({ placeOf }: World, subgraph: string, body: object, token: string | undefined): Promise<{ status: number; body: any }> {
  const headers = { 'content-type': 'application/json', ...(token === undefined ? {} : { authorization: `Bearer ${token}` }) };
  const response = await fetch(`${placeOf(subgraph)}/graphql`, { method: 'POST', headers, body: JSON.stringify(body) });
  return { status: response.status, body: await response.json() };
}

/** Every value of a field, however deep it stands. */
function valuesAt(data: unknown, field: string): unknown[] {
  if (data === null || typeof data !== 'object') return [];
  return Object.entries(data).flatMap(([name, value]) => (name === field ? [value] : valuesAt(value, field)));
}
