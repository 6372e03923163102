import { Directive, Field, ID, ObjectType } from 'type-graphql';
import { Role } from '../user/user.entity.js';

/** What a credential, or a user without one, stands for, for whoever lets requests in. */
@Directive('@inaccessible')
@ObjectType({ simpleResolvers: true, description: 'What a credential stands for. For the platform itself.' })
export class Credential {
  @Field(() => ID, { nullable: true, description: 'The session’s or the API token’s id; null for a user who was asked for by name.' })
  credentialId!: string | null;

  @Field(() => ID, { description: 'Whose it is.' })
  userId!: string;

  @Field(() => String, { description: 'That user’s name.' })
  username!: string;

  @Field(() => [Role], { description: 'That user’s roles at present.' })
  roles!: Role[];

  @Field(() => String, { nullable: true, description: 'The code of that user’s organization.' })
  organization!: string | null;

  @Field(() => [String], { nullable: true, description: 'What an API token is limited to; null for a ticket, which nothing limits.' })
  scopes!: string[] | null;

  @Field(() => Date, { nullable: true, description: 'When it stops working; null: never.' })
  expiresAt!: Date | null;

  @Field(() => String, { nullable: true, description: 'SHA-256 of the ticket’s CSRF token, in hexadecimal; null for an API token.' })
  csrfHash!: string | null;
}
