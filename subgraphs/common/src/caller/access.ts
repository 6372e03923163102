import { Extensions } from 'type-graphql';
import { forbidden, unauthenticated } from '../errors/common.errors.js';
import type { Caller } from './caller.js';

/**
 * Who may use a root field: `anyone`; `member` (any signed-in user); `provider` (a provider or an admin); `admin`;
 * `peer` (other subgraphs only; such a field must also be @inaccessible).
 */
export type AccessLevel = 'anyone' | 'member' | 'provider' | 'admin' | 'peer';

/** How a request came to a subgraph: from a client's operation, from a contract's stored operation, or from a peer. */
export type Origin = 'client' | 'stored' | 'peer';

/**
 * Declares who may use a root field. Every Query, Mutation and Subscription field must have it, or its subgraph
 * refuses to be built. Finer rules (owner, organization) belong to the service.
 */
export const Access = (level: AccessLevel): MethodDecorator & PropertyDecorator => Extensions({ access: level });

interface AccessRequest {
  caller: Caller;
  origin: Origin;
}

/** Throws UNAUTHENTICATED or FORBIDDEN unless the caller reaches the level; `scope` is what an API token needs. */
export function requireAccess(level: AccessLevel, { caller, origin }: AccessRequest, scope: string): void {
  if (level === 'anyone') return;
  if (level === 'peer') {
    if (origin !== 'peer') throw forbidden({ reason: 'This field answers other parts of the platform only.' });
    return;
  }
  if (caller.userId === null) throw unauthenticated({});
  if (level === 'provider' && !caller.roles.some((role) => role === 'PROVIDER' || role === 'ADMIN'))
    throw forbidden({ reason: 'This needs the role PROVIDER or ADMIN.' });
  if (level === 'admin' && !caller.roles.includes('ADMIN')) throw forbidden({ reason: 'This needs the role ADMIN.' });
  if (origin !== 'peer') requireScope(caller, scope);
}

function requireScope(caller: Caller, scope: string): void {
  if (caller.scopes === null || caller.scopes.includes('all') || caller.scopes.includes(scope)) return;
  throw forbidden({ reason: `This API token lacks the scope "${scope}".` });
}
