import { existsSync, readFileSync } from 'node:fs';
import { buildASTSchema, buildSchema, parse, visit, type ASTNode } from 'graphql';
import { describe, expect, it } from 'vitest';
import { checkOperations, contracts } from './contracts.js';
import { operationFaults } from './engine/operations.check.js';
import { StoredOperations } from './engine/stored-operations.js';
import { graphSchema } from './testkit/graph.sdl.js';

const supergraph = new URL('../../schema/supergraph.graphql', import.meta.url);

/** What clients see of a supergraph: everything that is not marked inaccessible. */
function apiSchema(text: string) {
  const isHidden = (node: ASTNode) =>
    'directives' in node && node.directives?.some((directive) => directive.name.value === 'inaccessible');
  return buildASTSchema(visit(parse(text), { enter: (node) => (isHidden(node) ? null : undefined) }), { assumeValidSDL: true });
}

describe('stored operations', () => {
  it('are valid against the schema that this package is tested with', () => {
    expect(checkOperations(graphSchema)).toEqual([]);
  });

  it('are valid against the graph’s API schema', () => {
    const schema = existsSync(supergraph) ? apiSchema(readFileSync(supergraph, 'utf8')) : graphSchema;
    expect(checkOperations(schema)).toEqual([]);
  });

  it('are faulted when the graph lacks what they select, when no route runs them, and when a route names none', () => {
    expect(checkOperations(buildSchema('type Query { machines: Int }')).length).toBeGreaterThan(5);
    const [first] = contracts;
    const faults = operationFaults([{ ...first!, operations: new StoredOperations('query Lonely { __typename }') }], graphSchema);
    expect(faults).toContain('interconnect: no route runs Lonely');
    expect(faults).toContain('interconnect: a route names SubmitTask, which is not stored');
  });
});
