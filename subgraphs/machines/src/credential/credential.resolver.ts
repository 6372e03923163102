import { Access } from '@hutong/common';
import { Arg, Ctx, Directive, ID, Mutation, Query, Resolver, Root, Subscription } from 'type-graphql';
import type { MachinesContext } from '../context.js';
import { LogInInput } from '../login/login.types.js';
import { ApiToken, CreateApiTokenInput, CreatedApiToken } from './api-token.entity.js';
import { Credential } from './credential.types.js';
import { Session } from './session.types.js';

@Resolver()
export class CredentialResolver {
  @Access('anyone')
  @Mutation(() => Session, {
    description:
      'Begins a session of two hours. Failed logins are throttled per user and address. Errors: WRONG_CREDENTIALS, TOO_MANY_LOGINS (with `extensions.retryAfterSeconds`). Contract: POST /api/ticket.',
  })
  logIn(@Ctx() context: MachinesContext, @Arg('input', () => LogInInput, { description: 'Name and password.' }) input: LogInInput): Promise<Session> {
    return context.services.logins.logIn(context, input);
  }

  @Access('member')
  @Mutation(() => Session, { description: 'Replaces the request’s session by a new one of two hours; the old ticket ends. Errors: FORBIDDEN for an API token, UNAUTHENTICATED.' })
  renewTicket(@Ctx() context: MachinesContext): Promise<Session> {
    return context.services.sessions.renew(context);
  }

  @Access('member')
  @Mutation(() => Boolean, { description: 'Ends the request’s session; its ticket stops working within a second everywhere. Errors: FORBIDDEN for an API token.' })
  async logOut(@Ctx() context: MachinesContext): Promise<boolean> {
    await context.services.sessions.end(context);
    return true;
  }

  @Access('member')
  @Query(() => [ApiToken], { description: 'The caller’s API tokens, oldest first, expired ones included.' })
  apiTokens(@Ctx() context: MachinesContext): Promise<ApiToken[]> {
    return context.services.tokens.list(context);
  }

  @Access('member')
  @Mutation(() => CreatedApiToken, { description: 'Makes an API token for the caller and shows it once. Errors: BAD_INPUT, FORBIDDEN, LIMIT_EXCEEDED (100 of a user).' })
  createApiToken(@Ctx() context: MachinesContext, @Arg('input', () => CreateApiTokenInput, { description: 'What the token is called, and may do.' }) input: CreateApiTokenInput): Promise<CreatedApiToken> {
    return context.services.tokens.create(context, input);
  }

  @Access('member')
  @Mutation(() => Boolean, { description: 'Ends one of the caller’s API tokens within a second everywhere. Errors: NOT_FOUND.' })
  async revokeApiToken(@Ctx() context: MachinesContext, @Arg('id', () => ID, { description: 'The token’s id.' }) id: string): Promise<boolean> {
    await context.services.tokens.revoke(context, id);
    return true;
  }

  @Access('peer')
  @Directive('@inaccessible')
  @Query(() => Credential, { nullable: true, description: 'What a ticket or API token stands for; null when it is unknown, expired, revoked, or its user disabled.' })
  resolveCredential(@Ctx() context: MachinesContext, @Arg('credential', () => String, { description: 'A ticket or an API token.' }) credential: string): Promise<Credential | null> {
    return context.services.credentials.resolve(context, credential);
  }

  @Access('peer')
  @Directive('@inaccessible')
  @Query(() => Credential, { nullable: true, description: 'What the credential of an id stands for, for a session that was begun with it; null as for resolveCredential.' })
  resolveCredentialById(@Ctx() context: MachinesContext, @Arg('credentialId', () => ID, { description: 'The id of a session or of an API token.' }) credentialId: string): Promise<Credential | null> {
    return context.services.credentials.resolveById(context, credentialId);
  }

  @Access('peer')
  @Directive('@inaccessible')
  @Query(() => Credential, { nullable: true, description: 'What a user stands for whom an address or another system vouches for; null when there is no such user, or it is disabled.' })
  resolveUser(@Ctx() context: MachinesContext, @Arg('username', () => String, { description: 'The name of the user.' }) username: string): Promise<Credential | null> {
    return context.services.credentials.resolveUser(context, username);
  }

  @Access('peer')
  @Directive('@inaccessible')
  @Subscription(() => ID, {
    description:
      'The id of each credential as it ends, or a user’s id when all of the user’s end or change. Fails when one may have been missed: whoever caches credentials then forgets them all.',
    subscribe: ({ context }: { context: MachinesContext }) => context.services.changes.endedCredentials() as never,
  })
  credentialRevoked(@Root() id: string): string {
    return id;
  }
}
