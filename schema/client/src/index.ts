export { createClient, HutongClient, type ClientOptions, type OperationOptions } from './hutong.client.js';
export { graphql, type ResultOf, type TypedDocument, type VariablesOf } from './typed.document.js';
export { HutongError, type ClientErrorCode, type GraphError } from './hutong.error.js';
export type { ErrorCode } from './graph.types.js';
