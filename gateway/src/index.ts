export { csrfTokenWrong, graphqlParseFailed, graphqlValidationFailed } from './errors.js';
export { PlannedGraph } from './federation/planned-graph.js';
export { composeSupergraph, CompositionError, type SubgraphSdl } from './federation/compose.js';
export { CurrentGraph } from './federation/current-graph.js';
export { gatewaySettings, readGatewaySettings } from './environment.js';
export { createGraphqlServer } from './http/graphql-server.js';
export { platformModules } from './platform/modules.js';
