export type Role = 'ADMIN' | 'PROVIDER' | 'MEMBER';

/** Who asks: what a credential stands for, or nobody. Travels with every call to a subgraph. */
export interface Caller {
  /** User id; null for somebody without a credential. */
  readonly userId: string | null;
  readonly username: string | null;
  readonly roles: readonly Role[];
  /** The 5-digit code of the organization a provider reports for. */
  readonly organization: string | null;
  /** What an API token is limited to (`all`, `<subgraph>:read`, `<subgraph>:write`); null where nothing limits. */
  readonly scopes: readonly string[] | null;
  /** The credential's own id (never the credential): a session's or an API token's. */
  readonly credentialId: string | null;
  /** Network address the request came from, for throttling and the audit log. */
  readonly address: string | null;
}

/** Somebody without a credential. */
export const anonymous: Caller = {
  userId: null,
  username: null,
  roles: [],
  organization: null,
  scopes: null,
  credentialId: null,
  address: null,
};

/** The platform itself, for background work that no request asked for. */
export const system: Caller = { ...anonymous, userId: '00000000-0000-0000-0000-000000000000', username: 'system', roles: ['ADMIN'] };

export const isAdmin = (caller: Caller): boolean => caller.roles.includes('ADMIN');

/** Whether rows of this owner are the caller's to see and change. */
export const mayAccessOwned = (caller: Caller, ownerId: string): boolean => isAdmin(caller) || caller.userId === ownerId;
