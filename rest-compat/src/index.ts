export { checkOperations, contracts, restCompat } from './contracts.js';
export type { Contract, Route } from './engine/contract.js';
export type { Graph, GraphAnswer, GraphCaller, GraphError, GraphRequest } from './engine/graph.js';
export type { RestCompatOptions } from './engine/router.js';
export { defaultSettings, type Log, type RestCompatSettings } from './engine/settings.js';
export { acceptUnencodedTargets } from './engine/unencoded-target.js';
export type { Language } from './engine/language.js';
export { openApi } from './openapi/document.js';
export type { JsonSchema, OpenApiDocument, Operation } from './openapi/document.types.js';
