import { Access, type Connection } from '@hutong/common';
import { Arg, Ctx, FieldResolver, ID, Int, Mutation, Query, Resolver, Root, Subscription } from 'type-graphql';
import { ComputingIdentifier } from '../computing-identifier/computing-identifier.entity.js';
import { loadIdentifier } from '../computing-identifier/computing-identifier.reference.js';
import type { RegistryContext } from '../services.js';
import { ComputingResource } from './computing-resource.entity.js';
import { loadResource } from './computing-resource.reference.js';
import { resourceIdOf } from './computing-resource.service.js';
import { MatchOrder, ReportConnection, ResourceConnection, type ComputingResourceReport } from './computing-resource.types.js';
import { ReportComputingResourcesPayload, ReportsInput, type ReportComputingResourcesInput } from './report.types.js';
import { ResourceFilter } from './resource-filter.js';

const FIRST = { nullable: true, description: 'Rows to answer, 20 by default, 100 at most.' };
const AFTER = { nullable: true, description: 'The cursor of the last row seen.' };

@Resolver(() => ComputingResource)
export class ComputingResourceResolver {
  @Access('member')
  @Query(() => ComputingResource, { nullable: true, description: 'A resource by its id, stale ones too; null when there is none.' })
  async computingResource(@Ctx() context: RegistryContext, @Arg('id', () => ID, { description: 'Of the resource.' }) id: string): Promise<ComputingResource | null> {
    const number = resourceIdOf(id);
    return number === null ? null : loadResource(context, number);
  }

  @Access('member')
  @Query(() => ResourceConnection, {
    description: 'Resources in the order of their ids, or in the order asked for (then a cursor is a position). Stale ones are listed with their mark unless the filter says otherwise. The count is kept, not counted. Errors: BAD_INPUT, LIMIT_EXCEEDED.',
  })
  computingResources(
    @Ctx() context: RegistryContext,
    @Arg('filter', () => ResourceFilter, { nullable: true, description: 'Only resources that meet all of it.' }) filter?: ResourceFilter | null,
    @Arg('orderBy', () => [MatchOrder], { nullable: true, description: 'Best first; ties in the order of matching.' }) orderBy?: MatchOrder[] | null,
    @Arg('first', () => Int, FIRST) first?: number | null,
    @Arg('after', () => String, AFTER) after?: string | null,
    @Arg('offset', () => Int, { nullable: true, description: 'Rows to pass over, for numbered pages; not with after.' }) offset?: number | null,
  ): Promise<Connection<ComputingResource>> {
    return context.services.resources.list(context, filter ?? {}, orderBy ?? [], { first: first ?? null, after: after ?? null, offset: offset ?? null });
  }

  @Access('provider')
  @Mutation(() => ReportComputingResourcesPayload, {
    description:
      'Takes the present state of computing resources, the whole batch or nothing (contract interconnect, POST computing_resources). A resource is known by identifier, set of addresses and GPU model, and keeps its id. Every report also goes into the history. To be repeated periodically: a resource not reported for the stale time is offered to nobody. A report that says it was measured before the state that stands changes the history only. Errors: BAD_INPUT with `extensions.field` (`input.reports[3].gpuMemory`), LIMIT_EXCEEDED for more than 10,000, IDENTIFIER_NOT_REGISTERED, FORBIDDEN for an organization that is not the provider\'s own (an admin reports for any).',
  })
  reportComputingResources(@Ctx() context: RegistryContext, @ReportsInput() { reports }: ReportComputingResourcesInput): Promise<ReportComputingResourcesPayload> {
    return context.services.reports.report(context, reports);
  }

  @Access('member')
  @Subscription(() => ComputingResource, {
    description: 'Resources as they are reported, each once a batch, limited by code or name. Not replayed: it begins with what is reported from now on.',
    subscribe: (({ context, args }: { context: RegistryContext; args: { organization?: string | null; region?: string | null } }) => context.services.feed.subscribe(args)) as never,
  })
  computingResourceReported(
    @Root() resource: ComputingResource,
    @Arg('organization', () => String, { nullable: true, description: 'Provider, code or name.' }) _organization?: string | null,
    @Arg('region', () => String, { nullable: true, description: 'City of the data centre, code or name.' }) _region?: string | null,
  ): ComputingResource {
    return resource;
  }

  @FieldResolver(() => ComputingIdentifier, { description: 'The identifier it belongs to, which says where it is, of what kind and whose.' })
  identifier(@Root() { identifierId }: ComputingResource, @Ctx() context: RegistryContext): Promise<ComputingIdentifier | null> {
    return loadIdentifier(context, identifierId);
  }

  @FieldResolver(() => ReportConnection, { description: 'Its reports, the latest first, kept for 30 days unless a setting says otherwise.' })
  history(
    @Root() { id }: ComputingResource,
    @Ctx() context: RegistryContext,
    @Arg('first', () => Int, FIRST) first?: number | null,
    @Arg('after', () => String, AFTER) after?: string | null,
  ): Promise<Connection<ComputingResourceReport>> {
    return context.services.resources.history(id, context, { first: first ?? null, after: after ?? null });
  }
}
