/**
 * The name of an extension of the first result of a subscription between our own processes: the subgraph listens for
 * events from now on. graphql-transport-ws has no message of its own for that.
 */
export const ESTABLISHED = 'established';
