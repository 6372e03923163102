import type { IdentitySource } from '../identity/identity.source.js';

/** Credentials are known by machines. */
export const identitySource: IdentitySource = {
  subgraph: 'machines',
  resolve: `query ResolveCredential($credential: String!) {
    resolveCredential(credential: $credential) { credentialId userId username roles organization scopes expiresAt csrfHash }
  }`,
  resolveById: `query ResolveCredentialById($credentialId: ID!) {
    resolveCredentialById(credentialId: $credentialId) { credentialId userId username roles organization scopes expiresAt csrfHash }
  }`,
  resolveUser: `query ResolveUser($username: String!) {
    resolveUser(username: $username) { credentialId userId username roles organization scopes expiresAt csrfHash }
  }`,
  revocations: 'subscription CredentialRevoked { credentialRevoked }',
};

/** Which subgraph keeps the audit log of all. */
export const AUDIT_KEEPER = 'machines';
