import type { Role } from '@hutong/common';

/** What the identity subgraph tells of a credential that is good, or a user who may come in, at this moment. */
export interface ResolvedCredential {
  /** Null for a user who was asked for by name. */
  credentialId: string | null;
  userId: string;
  username: string;
  roles: Role[];
  organization: string | null;
  /** Null where nothing limits. */
  scopes: string[] | null;
  /** ISO 8601; null for a credential that does not expire. */
  expiresAt: string | null;
  /** SHA-256 of the ticket's CSRF token in hexadecimal; null for a credential without one. */
  csrfHash: string | null;
}

/** Whom the identity subgraph is asked about: whose a credential is, or the credential of an id; or a user by name. */
export interface Asked {
  by: 'credential' | 'credentialId' | 'username';
  text: string;
}

/** Which subgraph knows credentials, and how it is asked; the operations are peer calls. */
export interface IdentitySource {
  subgraph: string;
  /** A query with the variable `credential`; its one root field answers a {@link ResolvedCredential} or null. */
  resolve: string;
  /** A query with the variable `credentialId`; its one root field answers the same. */
  resolveById: string;
  /** A query with the variable `username`; its one root field answers the same, of a user who needs no credential, or null. */
  resolveUser: string;
  /** A subscription whose one root field is the id of a credential, or of a user, that is good no longer. */
  revocations: string;
}
