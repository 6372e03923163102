import type { AuditSink, Peers } from '@hutong/common';
import type { IdentitySource } from '../identity/identity.source.js';

/** Credentials are known by machines. */
export const identitySource: IdentitySource = {
  subgraph: 'machines',
  resolve: `query ResolveCredential($credential: String!) {
    resolveCredential(credential: $credential) { credentialId userId username roles organization scopes expiresAt csrfHash }
  }`,
  revocations: 'subscription CredentialRevoked { credentialRevoked }',
};

const RECORD_AUDIT = 'mutation RecordAudit($input: RecordAuditInput!) { recordAudit(input: $input) }';

/** Keeps the audit log of every subgraph in machines. */
export const auditInMachines =
  (peers: Peers): AuditSink =>
  async ({ at, ...record }, { caller, requestId }) => {
    const input = { ...record, at: at.toISOString() };
    await peers.call({ caller, requestId }, { subgraph: 'machines', document: RECORD_AUDIT, variables: { input } });
  };
