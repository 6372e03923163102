import { connectionOf } from '@hutong/common';
import { Field, ID, InputType } from 'type-graphql';
import { Role, User } from './user.entity.js';

export const UserConnection = connectionOf('User', () => User);

@InputType({ description: 'A user to create.' })
export class CreateUserInput {
  @Field(() => String, { description: '1 to 64 characters without control characters or spaces at the ends; unique whatever the capitals.' })
  username!: string;

  @Field(() => String, { description: '8 to 256 characters; not the username. Kept as a scrypt hash only.' })
  password!: string;

  @Field(() => [Role], { nullable: true, description: 'At least one; MEMBER when nothing is said.' })
  roles?: Role[] | null;

  @Field(() => String, { nullable: true, description: 'The 5-digit code of the organization that a provider reports for.' })
  organization?: string | null;
}

@InputType({ description: 'Changes to a user; what is left out stays as it is.' })
export class UpdateUserInput {
  @Field(() => ID, { description: 'Whom to change.' })
  id!: string;

  @Field(() => [Role], { nullable: true, description: 'All roles from now on; at least one.' })
  roles?: Role[] | null;

  @Field(() => String, { nullable: true, description: 'The 5-digit code of an organization; null takes it away.' })
  organization?: string | null;

  @Field(() => Boolean, { nullable: true, description: 'True: all sessions end and API tokens rest until the user is enabled again.' })
  disabled?: boolean | null;
}

@InputType({ description: 'A new password for oneself, or by an admin for somebody else.' })
export class ChangePasswordInput {
  @Field(() => ID, { nullable: true, description: 'Whose password; only an admin may name another user. Left out: the caller.' })
  userId?: string | null;

  @Field(() => String, { nullable: true, description: 'The present password; required when changing one’s own.' })
  current?: string | null;

  @Field(() => String, { description: '8 to 256 characters; not the username.' })
  new!: string;
}
