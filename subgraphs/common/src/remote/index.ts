import 'reflect-metadata';

export { LeanClient } from './lean/lean-client.js';
export { operationBody } from './operation-body.js';
export { RemoteConnection, type RemoteConnectionOptions } from './remote-connection.js';
export { RemoteRoutes, type RemoteRoutesOptions } from './remote-routes.js';
export { runSubgraph, type SubgraphRun } from './run-subgraph.js';
export { SubgraphEndpoint } from './subgraph-endpoint.js';
export { serveEndpoint, type SubgraphServer } from './subgraph-server.js';
