import 'reflect-metadata';

export { CallerTokens, bearerToken, TOKEN_LIFETIME_MS, type TokenClaims } from './caller-token.js';
export { RemoteConnection, type RemoteConnectionOptions } from './remote-connection.js';
export { runSubgraph, type SubgraphRun } from './run-subgraph.js';
export { SubgraphEndpoint } from './subgraph-endpoint.js';
export { serveEndpoint, type SubgraphServer } from './subgraph-server.js';
