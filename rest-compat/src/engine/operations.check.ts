import { validate, type GraphQLSchema } from 'graphql';
import type { Contract } from './contract.js';

/**
 * Checks every stored operation against the graph's API schema, and that routes and operations name each other.
 *
 * @returns one sentence for each fault; empty when all hold
 */
export function operationFaults(contracts: readonly Contract[], schema: GraphQLSchema): string[] {
  return contracts.flatMap((contract) => {
    const used = new Set([
      ...contract.routes.flatMap((row) => ('operation' in row ? [row.operation, ...(row.undo ? [row.undo.operation] : [])] : [])),
      ...(contract.callerCheck === undefined ? [] : [contract.callerCheck]),
    ]);
    const stored = contract.operations.documents;
    return [
      ...[...used].filter((name) => !stored.has(name)).map((name) => `${contract.name}: a route names ${name}, which is not stored`),
      ...[...stored.keys()].filter((name) => !used.has(name)).map((name) => `${contract.name}: no route runs ${name}`),
      ...[...stored].flatMap(([name, document]) =>
        validate(schema, document).map((error) => `${contract.name}, ${name}: ${error.message}`),
      ),
    ];
  });
}
