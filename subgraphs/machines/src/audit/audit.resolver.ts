import { Access } from '@hutong/common';
import { Arg, Ctx, Directive, FieldResolver, ID, Int, Mutation, Query, Resolver, Root } from 'type-graphql';
import type { MachinesContext } from '../context.js';
import { User } from '../user/user.entity.js';
import { loadUser } from '../user/user.reference.js';
import { AuditConnection, AuditEntry, RecordAuditInput } from './audit-entry.entity.js';

@Resolver(() => AuditEntry)
export class AuditResolver {
  @Access('admin')
  @Query(() => AuditConnection, { description: 'What was changed or tried, newest first. Admins only.' })
  auditLog(
    @Ctx() context: MachinesContext,
    @Arg('actor', () => ID, { nullable: true, description: 'Only what this user did.' }) actor?: string,
    @Arg('action', () => String, { nullable: true, description: 'Only this mutation.' }) action?: string,
    @Arg('first', () => Int, { nullable: true, description: 'Rows of the page, at most 100; 20 when nothing is said.' }) first?: number,
    @Arg('after', () => String, { nullable: true, description: 'Cursor of the last row already seen.' }) after?: string,
  ) {
    return context.services.audit.list(context, { actor, action }, { first, after });
  }

  @Access('peer')
  @Directive('@inaccessible')
  @Mutation(() => Boolean, { description: 'Keeps what a mutation of any subgraph did.' })
  async recordAudit(@Ctx() context: MachinesContext, @Arg('input', () => RecordAuditInput, { description: 'What was done, by whom, and how it ended.' }) { actorId, subject, ...input }: RecordAuditInput): Promise<boolean> {
    await context.services.audit.keep(context, { ...input, actorId: actorId ?? null, subject: subject ?? null });
    return true;
  }

  @FieldResolver(() => User, { nullable: true, description: 'Who did it; null for somebody who had not logged in, and for the platform itself.' })
  actor(@Root() { actorId }: AuditEntry, @Ctx() context: MachinesContext): Promise<User | null> | null {
    return actorId === null ? null : loadUser(context, actorId);
  }
}
