import { Access } from '@hutong/common';
import { Arg, Ctx, FieldResolver, Mutation, Query, Resolver, Root } from 'type-graphql';
import { CodeNameReference, organizationReference } from '../foreign/foreign.entities.js';
import type { SchedulingContext } from '../services.js';
import { Provider } from './provider.entity.js';
import { SaveProviderInput } from './provider.types.js';

@Resolver(() => Provider)
export class ProviderResolver {
  @Access('provider')
  @Query(() => [Provider], { description: 'How organizations give out addresses: all of them for an admin, its own for a provider. By code.' })
  providers(@Ctx() context: SchedulingContext): Promise<Provider[]> {
    return context.services.providers.list(context);
  }

  @Access('admin')
  @Mutation(() => Provider, {
    description:
      'Saves how an organization gives out addresses of its resources; counts from the next allocation on. May be repeated. Errors: BAD_INPUT.',
  })
  saveProvider(@Ctx() context: SchedulingContext, @Arg('input', () => SaveProviderInput, { description: 'The organization, and how it gives out addresses; what is left out stays.' }) input: SaveProviderInput): Promise<Provider> {
    return context.services.providers.save(context, input);
  }

  @FieldResolver(() => CodeNameReference, { nullable: true, description: 'The organization, with its code and name; null only when compute-registry does not answer.' })
  organization(@Root() provider: Provider): CodeNameReference {
    return organizationReference(provider.organizationCode);
  }
}
