import { Access, type Connection } from '@hutong/common';
import { Arg, Ctx, Int, Query, Resolver } from 'type-graphql';
import { ResourceFilter } from '../computing-resource/resource-filter.js';
import type { RegistryContext } from '../services.js';
import { AvailabilityZone, AvailabilityZoneConnection } from './availability-zone.types.js';

@Resolver(() => AvailabilityZone)
export class AvailabilityZoneResolver {
  @Access('member')
  @Query(() => AvailabilityZoneConnection, {
    description: 'The distinct zones of all resources ever reported, stale ones included, in the order of organization, region, zone and industry codes (contract interconnect, GET computing_resources). The filter takes codes or names; `stale` does not apply and is refused with BAD_INPUT.',
  })
  availabilityZones(
    @Ctx() context: RegistryContext,
    @Arg('filter', () => ResourceFilter, { nullable: true, description: 'Only zones of resources that meet all of it.' }) filter?: ResourceFilter | null,
    @Arg('first', () => Int, { nullable: true, description: 'Rows to answer, 20 by default, 100 at most.' }) first?: number | null,
    @Arg('after', () => String, { nullable: true, description: 'The cursor of the last row seen.' }) after?: string | null,
    @Arg('offset', () => Int, { nullable: true, description: 'Rows to pass over, for numbered pages; not with after.' }) offset?: number | null,
  ): Promise<Connection<AvailabilityZone>> {
    return context.services.zones.list(context, filter ?? {}, { first: first ?? null, after: after ?? null, offset: offset ?? null });
  }
}
