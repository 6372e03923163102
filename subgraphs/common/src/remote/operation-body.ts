import { LRUCache } from 'lru-cache';
import type { SubgraphRequest } from '../graph/connection.js';

/** Of the documents written as JSON, those used last. */
const REMEMBERED_BYTES = 2_000_000;
const BYTES_OF_CHARACTER = 2;

const written = new LRUCache<string, string>({ maxSize: REMEMBERED_BYTES, sizeCalculation: (json, document) => (json.length + document.length) * BYTES_OF_CHARACTER });

/** The JSON body of a request to a subgraph; a document, of which there are few, is written once. */
export function operationBody({ document, operationName, variables, variablesJson }: Pick<SubgraphRequest, 'document' | 'operationName' | 'variables' | 'variablesJson'>): string {
  let query = written.get(document);
  if (query === undefined) written.set(document, (query = JSON.stringify(document)));
  const name = operationName === undefined ? '' : `"operationName":${JSON.stringify(operationName)},`;
  return `{"query":${query},${name}"variables":${variablesJson ?? JSON.stringify(variables)}}`;
}
