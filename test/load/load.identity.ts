import { EventQueue, type SubgraphConnection } from '@hutong/common';

/** A credential that is good. */
export const CREDENTIAL = 'credential-of-a-caller-under-load';

/** How the gateway under load learns whose a credential is. */
export const identitySource = { subgraph: 'identity', resolve: 'query ($credential: String!) { resolve(credential: $credential) }', resolveById: '', resolveUser: '', revocations: 'subscription { revoked }' };

/** A subgraph in this process that knows one credential, and of which nothing else is asked. */
export const identityConnection: SubgraphConnection = {
  name: identitySource.subgraph,
  async execute({ variables: { credential } }) {
    const resolved = { credentialId: '1', userId: '1', username: 'caller', roles: ['MEMBER'], organization: null, scopes: null, expiresAt: null, csrfHash: null };
    return { data: { resolve: credential === CREDENTIAL ? resolved : null } };
  },
  subscribe: async () => new EventQueue(1, () => undefined),
  ready: async () => undefined,
};
