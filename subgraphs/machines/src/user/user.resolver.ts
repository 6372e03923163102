import { Access } from '@hutong/common';
import { Arg, Ctx, ID, Int, Mutation, Query, Resolver } from 'type-graphql';
import type { MachinesContext } from '../context.js';
import { User } from './user.entity.js';
import { ChangePasswordInput, CreateUserInput, UpdateUserInput, UserConnection } from './user.types.js';
import { loadUser } from './user.reference.js';

@Resolver(() => User)
export class UserResolver {
  @Access('anyone')
  @Query(() => User, { nullable: true, description: 'The user whose credential the request carries; null without one.' })
  async me(@Ctx() context: MachinesContext): Promise<User | null> {
    return context.caller.userId === null ? null : loadUser(context, context.caller.userId);
  }

  @Access('admin')
  @Query(() => UserConnection, { description: 'All users by name, deleted ones left out. Admins only.' })
  users(
    @Ctx() context: MachinesContext,
    @Arg('first', () => Int, { nullable: true, description: 'Rows of the page, at most 100; 20 when nothing is said.' }) first?: number,
    @Arg('after', () => String, { nullable: true, description: 'Cursor of the last row already seen.' }) after?: string,
  ) {
    return context.services.users.list(context, { first, after });
  }

  @Access('admin')
  @Mutation(() => User, { description: 'Creates a user who may log in at once. Errors: USERNAME_TAKEN, WEAK_PASSWORD, BAD_INPUT.' })
  createUser(@Ctx() context: MachinesContext, @Arg('input', () => CreateUserInput, { description: 'Name and password, and what the user may do.' }) input: CreateUserInput): Promise<User> {
    return context.services.users.create(context, input);
  }

  @Access('admin')
  @Mutation(() => User, {
    description:
      'Changes a user’s roles or organization, disables or enables it. It takes effect within a second everywhere; a disabled user’s sessions end. Errors: NOT_FOUND, LAST_ADMIN, BAD_INPUT.',
  })
  updateUser(@Ctx() context: MachinesContext, @Arg('input', () => UpdateUserInput, { description: 'The user, and what is to change; what is left out stays.' }) input: UpdateUserInput): Promise<User> {
    return context.services.users.update(context, input);
  }

  @Access('member')
  @Mutation(() => Boolean, {
    description:
      'Sets one’s own password and ends one’s other sessions, or, by an admin, another user’s and ends all of them. API tokens stay. Errors: WRONG_CREDENTIALS, TOO_MANY_LOGINS, WEAK_PASSWORD, FORBIDDEN, NOT_FOUND.',
  })
  async changePassword(@Ctx() context: MachinesContext, @Arg('input', () => ChangePasswordInput, { description: 'The new password, and whose it is.' }) input: ChangePasswordInput): Promise<boolean> {
    await context.services.passwords.change(context, input);
    return true;
  }

  @Access('admin')
  @Mutation(() => Boolean, {
    description:
      'Deletes a user with all credentials and grants; the name is free again, and what the user owned keeps showing it. Errors: NOT_FOUND, LAST_ADMIN, USER_OWNS_RUNNING_THINGS.',
  })
  async deleteUser(@Ctx() context: MachinesContext, @Arg('id', () => ID, { description: 'Whom to delete.' }) id: string): Promise<boolean> {
    await context.services.users.remove(context, id);
    return true;
  }
}
