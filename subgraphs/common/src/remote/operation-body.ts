import { LRUCache } from 'lru-cache';
import type { SubgraphRequest } from '../graph/connection.js';

/** Of the documents written as JSON, those used last. */
const REMEMBERED_BYTES = 2_000_000;
const BYTES_OF_CHARACTER = 2;

interface WrittenText {
  json: string;
  bytes: number;
}

const written = new LRUCache<string, WrittenText>({ maxSize: REMEMBERED_BYTES, sizeCalculation: ({ json }, document) => (json.length + document.length) * BYTES_OF_CHARACTER });

/** The body of a request to a subgraph. */
export interface OperationBody {
  json: string;
  /** In UTF-8. */
  bytes: number;
  /** The variables alone, as JSON. */
  variables: string;
}

/** The JSON body of a request to a subgraph; a document, of which there are few, is written once. */
export function operationBody(request: Pick<SubgraphRequest, 'document' | 'operationName' | 'variables' | 'variablesJson'>): OperationBody {
  const { document, operationName, variablesJson = JSON.stringify(request.variables) } = request;
  let query = written.get(document);
  if (query === undefined) {
    const json = `{"query":${JSON.stringify(document)}`;
    written.set(document, (query = { json, bytes: Buffer.byteLength(json) }));
  }
  const rest = operationName === undefined ? ',"variables":' : `,"operationName":${JSON.stringify(operationName)},"variables":`;
  return { json: `${query.json}${rest}${variablesJson}}`, bytes: query.bytes + Buffer.byteLength(rest) + Buffer.byteLength(variablesJson) + 1, variables: variablesJson };
}
