import { Access } from '@hutong/common';
import { Arg, Ctx, Mutation, Query, Resolver } from 'type-graphql';
import type { RegistryContext } from '../services.js';
import { CodeName } from './code-name.entity.js';
import { CodeKind } from './code-name.kinds.js';
import { NameCodeInput } from './code-name.types.js';

@Resolver(() => CodeName)
export class CodeNameResolver {
  @Access('member')
  @Query(() => [CodeName], { description: 'Every named code of a kind, ordered by code. Codes nobody named are not listed.' })
  codes(@Ctx() { services }: RegistryContext, @Arg('kind', () => CodeKind, { description: 'What the codes are codes of.' }) kind: CodeKind): CodeName[] {
    return services.codeNames.all(kind);
  }

  @Access('admin')
  @Mutation(() => CodeName, {
    description:
      'Names a code, or names it anew: from now on it is shown by that name everywhere, in the graph and in the 互通 contract. May be repeated. Errors: BAD_INPUT for a code that is not of its kind\'s form; FORBIDDEN for anybody but an admin.',
  })
  nameCode(@Ctx() context: RegistryContext, @Arg('input', () => NameCodeInput, { description: 'The code and its name.' }) input: NameCodeInput): Promise<CodeName> {
    return context.services.codeNames.name(context, input);
  }
}
