import { Entity, PrimaryKey, Property } from '@mikro-orm/decorators/legacy';
import { Directive, Field, ID, ObjectType, registerEnumType } from 'type-graphql';

/** What a user may do. */
export const Role = { ADMIN: 'ADMIN', PROVIDER: 'PROVIDER', MEMBER: 'MEMBER' } as const;
export type Role = (typeof Role)[keyof typeof Role];

registerEnumType(Role, {
  name: 'Role',
  description: 'What a user may do.',
  valuesConfig: {
    ADMIN: { description: 'Sees and changes everything, and manages users.' },
    PROVIDER: { description: 'Registers and reports the computing resources of its organization.' },
    MEMBER: { description: 'Sees and changes what is its own.' },
  },
});

/** Somebody who may log in. A deleted user stays as a row without a name to log in by, for what it owned. */
@Directive('@key(fields: "id")')
@ObjectType({ simpleResolvers: true, description: 'Somebody who may log in. Members see themselves only, admins everybody.' })
@Entity({ tableName: 'user_account' })
export class User {
  @Field(() => ID, { description: 'UUID.' })
  @PrimaryKey({ type: 'uuid' })
  id!: string;

  @Field(() => String, { description: 'The name to log in by, 1 to 64 characters as it was given; unique whatever the capitals.' })
  @Property({ type: 'text' })
  username!: string;

  /** The username as it is compared; null once the user is deleted and the name is free again. */
  @Property({ type: 'text', nullable: true })
  usernameKey!: string | null;

  /** Null once the user is deleted. */
  @Property({ type: 'text', nullable: true, lazy: true })
  passwordHash!: string | null;

  @Field(() => [Role], { description: 'What the user may do; at least one role.' })
  @Property({ type: 'array', columnType: 'text[]' })
  roles!: Role[];

  @Field(() => String, { nullable: true, description: 'The 5-digit code of the organization that a provider reports for.' })
  @Property({ type: 'text', nullable: true })
  organization!: string | null;

  @Field(() => Boolean, { description: 'Whether the user is kept from logging in, and all of its credentials from working.' })
  @Property({ type: 'boolean' })
  disabled!: boolean;

  @Field(() => Date, { description: 'When the user was created.' })
  @Property({ type: 'datetime' })
  createdAt!: Date;

  @Property({ type: 'datetime', nullable: true })
  deletedAt!: Date | null;
}
