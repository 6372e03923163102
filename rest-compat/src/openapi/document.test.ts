import { readFileSync } from 'node:fs';
import { buildSchema, Kind, OperationTypeNode } from 'graphql';
import { describe, expect, it } from 'vitest';
import { contracts } from '../contracts.js';
import { LANGUAGES } from '../engine/language.js';
import { openApi } from './document.js';
import type { Operation } from './document.types.js';
import { failureCodes } from './failure.codes.js';

const graph = buildSchema(readFileSync(new URL('../../../schema/api.graphql', import.meta.url), 'utf8'));
const rows = contracts.flatMap((contract) => contract.routes.map((row) => ({ contract, row, name: `${row.method} ${contract.prefix}${row.path} ${row.command ?? ''}` })));
const stored = rows.flatMap(({ contract, row, name }) => ('operation' in row ? [{ contract, row, name }] : []));

/** The codes that the graph says of the fields that an operation asks for. */
function toldCodes({ contract, row }: (typeof stored)[number]): string[] {
  const [definition] = contract.operations.documents.get(row.operation)!.definitions;
  if (definition?.kind !== Kind.OPERATION_DEFINITION) return [];
  const type = definition.operation === OperationTypeNode.QUERY ? graph.getQueryType() : graph.getMutationType();
  return definition.selectionSet.selections.flatMap((selection) => {
    const description = selection.kind === Kind.FIELD ? type?.getFields()[selection.name.value]?.description : undefined;
    return (description?.match(/\b[A-Z]+(?:_[A-Z]+)+\b/g) ?? []).filter((code) => Object.hasOwn(contract.errors, code));
  });
}

describe.each(LANGUAGES)('the documents in %s', (language) => {
  const { paths, tags } = openApi(contracts, { language });
  const operations: [string, Operation][] = Object.entries(paths).flatMap(([path, methods]) => Object.entries(methods).map(([method, operation]): [string, Operation] => [`${method} ${path}`, operation]));

  it('describe every operation, parameter and answer', () => {
    for (const [name, { summary, description, parameters = [], responses }] of operations) {
      for (const text of [summary, description, ...parameters.map((parameter) => parameter.description), ...Object.values(responses).map((response) => response.description)]) expect(text, name).toMatch(/\S/);
    }
    expect(tags.every(({ description }) => description !== '')).toBe(true);
  });

  it('describe every field that is sent or read', () => {
    const bare: string[] = [];
    const look = (value: unknown, place: string): void => {
      if (typeof value !== 'object' || value === null) return;
      for (const [key, item] of Object.entries(value)) {
        if (key === 'properties') for (const [field, schema] of Object.entries(item as Record<string, Record<string, unknown>>)) if (!('description' in schema) && !('$ref' in schema) && !('const' in schema) && schema['format'] !== 'binary' && field !== 'data') bare.push(`${place} ${field}`);
        look(item, key === 'properties' ? place : `${place}/${key}`);
      }
    };
    look(openApi(contracts, { language }), '');
    expect(bare).toEqual([]);
  });
});

describe('who generates a client', () => {
  const document = openApi(contracts);

  it('reads of no failure that it is done', () => {
    const told = Object.values(document.paths).flatMap((methods) => Object.values(methods).flatMap(({ responses }) => Object.entries(responses)));
    expect(told.filter(([status, { description }]) => Number(status) >= 400 && description.startsWith('Done'))).toEqual([]);
  });

  it('gets objects whose names are free with values in them, and words with their type', () => {
    const poor: string[] = [];
    const look = (value: unknown, place: string): void => {
      if (typeof value !== 'object' || value === null) return;
      const { type, properties, additionalProperties, enum: values } = value as Record<string, unknown>;
      if ([type].flat().includes('object') && properties === undefined && additionalProperties === undefined) poor.push(`${place} takes an object of nothing`);
      if (Array.isArray(values) && type === undefined) poor.push(`${place} has words of no type`);
      for (const [key, item] of Object.entries(value)) if (key !== 'examples') look(item, `${place}/${key}`);
    };
    look(document, '');
    expect(poor).toEqual([]);
  });

  it('may ask for a part of a file, and send a body to what stands behind a passage', () => {
    expect(document.paths['/ai_arts/api/models/{id}/download']!.get!.parameters).toContainEqual(expect.objectContaining({ name: 'Range', in: 'header', required: false }));
    expect(document.paths['/ai_arts/api/annotations']!.post!.requestBody).toMatchObject({ required: false });
  });
});

describe('a row', () => {
  it.each(stored)('tells of every failure that the graph says of its operation: $name', (entry) => {
    expect(failureCodes(entry.row)).toEqual(expect.arrayContaining(toldCodes(entry)));
  });

  it.each(rows)('is an operation of the document: $name', ({ contract, row }) => {
    const operation = openApi([contract]).paths[(contract.prefix + row.path).replaceAll(/:(\w+)/g, '{$1}')]?.[row.method.toLowerCase() as 'get'];
    const named = operation?.['x-hutong-operation'];
    const own = 'operation' in row ? row.operation : undefined;
    expect(typeof named === 'object' ? named[row.command!] : named).toBe(own);
    expect(operation).toBeDefined();
  });
});
