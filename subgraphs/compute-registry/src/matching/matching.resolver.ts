import { Access } from '@hutong/common';
import { Arg, Ctx, Int, Query, Resolver } from 'type-graphql';
import type { RegistryContext } from '../services.js';
import { ResourceMatch } from './matching.types.js';
import { Requirements } from './requirements.js';

@Resolver(() => ResourceMatch)
export class MatchingResolver {
  @Access('member')
  @Query(() => ResourceMatch, {
    description: 'The fresh resources that meet all of the requirements, best first, and how many there are. Reserves nothing. Errors: BAD_INPUT with `extensions.field`, LIMIT_EXCEEDED.',
  })
  matchComputingResources(
    @Ctx() context: RegistryContext,
    @Arg('requirements', () => Requirements, { description: 'What the resources must have, and what makes one better than another.' }) requirements: Requirements,
    @Arg('first', () => Int, { nullable: true, description: 'How many of the best to answer, 100 by default and at most.' }) first?: number | null,
    @Arg('explain', () => Boolean, { nullable: true, description: 'Also tell what each requirement rules out, and what is nearest when nothing matches. Costs a scan of the registry.' }) explain?: boolean | null,
  ): Promise<ResourceMatch> {
    return context.services.matching.match(context, requirements, first ?? null, explain ?? false);
  }
}
