import { Access, type Connection } from '@hutong/common';
import { Arg, Ctx, FieldResolver, Int, Mutation, Query, Resolver, Root } from 'type-graphql';
import { CodeName } from '../code-name/code-name.entity.js';
import { CodeKind } from '../code-name/code-name.kinds.js';
import { ResourceFilter } from '../computing-resource/resource-filter.js';
import type { RegistryContext } from '../services.js';
import { ComputingIdentifier } from './computing-identifier.entity.js';
import {
  ComputingIdentifierConnection,
  ParsedIdentifier,
  RegisterComputingIdentifiersInput,
  RegisterComputingIdentifiersPayload,
} from './computing-identifier.types.js';

@Resolver(() => ComputingIdentifier)
export class ComputingIdentifierResolver {
  @Access('member')
  @Query(() => ParsedIdentifier, {
    description: 'What a computing identifier says, checked and named, without storing anything. Errors: IDENTIFIER_INVALID, whose message points at the character.',
  })
  parseComputingIdentifier(@Ctx() { services }: RegistryContext, @Arg('value', () => String, { description: 'The identifier.' }) value: string): ParsedIdentifier {
    return services.identifiers.parse(value);
  }

  @Access('member')
  @Query(() => ComputingIdentifierConnection, {
    description: 'Registered identifiers in the order of their registration. The filter takes codes or names; gpuModel and stale do not apply and are refused with BAD_INPUT.',
  })
  computingIdentifiers(
    @Ctx() context: RegistryContext,
    @Arg('filter', () => ResourceFilter, { nullable: true, description: 'Only identifiers that meet all of it.' }) filter?: ResourceFilter | null,
    @Arg('first', () => Int, { nullable: true, description: 'Rows to answer, 20 by default, 100 at most.' }) first?: number | null,
    @Arg('after', () => String, { nullable: true, description: 'The cursor of the last row seen.' }) after?: string | null,
  ): Promise<Connection<ComputingIdentifier>> {
    return context.services.identifiers.list(context, filter ?? {}, { first: first ?? null, after: after ?? null });
  }

  @Access('provider')
  @Mutation(() => RegisterComputingIdentifiersPayload, {
    description:
      'Checks and stores computing identifiers, the whole batch or nothing (contract interconnect, POST computing_ids). May be repeated. Errors: IDENTIFIER_INVALID with `extensions.failures` (the first 20: index and message) and `extensions.failureCount`; FORBIDDEN for identifiers of an organization that is not the provider\'s own (an admin registers any); BAD_INPUT for an empty batch, LIMIT_EXCEEDED for more than 10,000.',
  })
  registerComputingIdentifiers(
    @Ctx() context: RegistryContext,
    @Arg('input', () => RegisterComputingIdentifiersInput, { description: 'The identifiers.' }) { values }: RegisterComputingIdentifiersInput,
  ): Promise<RegisterComputingIdentifiersPayload> {
    return context.services.registration.register(context, values);
  }

  @FieldResolver(() => CodeName, { description: "The user's city." })
  city(@Root() { cityCode }: ComputingIdentifier, @Ctx() { services }: RegistryContext): CodeName {
    return services.dictionary.name(CodeKind.CITY, cityCode);
  }

  @FieldResolver(() => CodeName, { description: 'The industry.' })
  industry(@Root() { industryCode }: ComputingIdentifier, @Ctx() { services }: RegistryContext): CodeName {
    return services.dictionary.name(CodeKind.INDUSTRY, industryCode);
  }

  @FieldResolver(() => CodeName, { description: 'The provider.' })
  organization(@Root() { organizationCode }: ComputingIdentifier, @Ctx() { services }: RegistryContext): CodeName {
    return services.dictionary.name(CodeKind.ORGANIZATION, organizationCode);
  }

  @FieldResolver(() => CodeName, { description: 'The row of the resource catalogue, for example 超算.' })
  resourceType(@Root() { resourceTypeCode }: ComputingIdentifier, @Ctx() { services }: RegistryContext): CodeName {
    return services.dictionary.name(CodeKind.RESOURCE_TYPE, resourceTypeCode);
  }

  @FieldResolver(() => CodeName, { description: 'The city of the data centre.' })
  region(@Root() { regionCode }: ComputingIdentifier, @Ctx() { services }: RegistryContext): CodeName {
    return services.dictionary.name(CodeKind.CITY, regionCode);
  }

  @FieldResolver(() => CodeName, { description: 'The zone within the region.' })
  availabilityZone(@Root() { availabilityZoneCode }: ComputingIdentifier, @Ctx() { services }: RegistryContext): CodeName {
    return services.dictionary.name(CodeKind.AVAILABILITY_ZONE, availabilityZoneCode);
  }

  @FieldResolver(() => CodeName, { description: 'The row of the service catalogue, for example 主机.' })
  serviceType(@Root() { serviceTypeCode }: ComputingIdentifier, @Ctx() { services }: RegistryContext): CodeName {
    return services.dictionary.name(CodeKind.SERVICE_TYPE, serviceTypeCode);
  }
}
