export { csrfTokenWrong, graphqlParseFailed, graphqlValidationFailed } from './errors.js';
export { composeSupergraph, CompositionError, type SubgraphSdl } from './federation/compose.js';
export { gatewaySettings } from './environment.js';
export { platformModules } from './platform/modules.js';
