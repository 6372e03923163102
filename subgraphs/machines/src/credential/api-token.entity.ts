import { Entity, PrimaryKey, Property } from '@mikro-orm/decorators/legacy';
import { Field, ID, InputType, ObjectType } from 'type-graphql';

/** A long-lived credential of a user, limited to its scopes. */
@ObjectType({ simpleResolvers: true, description: 'A long-lived credential of a user, limited to its scopes. The token itself is shown when it is made and never again.' })
@Entity({ tableName: 'api_token' })
export class ApiToken {
  @Field(() => ID, { description: 'UUID; not the token.' })
  @PrimaryKey({ type: 'uuid' })
  id!: string;

  @Property({ type: 'uuid' })
  userId!: string;

  @Field(() => String, { description: 'What its maker called it.' })
  @Property({ type: 'text' })
  name!: string;

  @Field(() => [String], { description: '`all`, or any of `<subgraph>:read` and `<subgraph>:write`.' })
  @Property({ type: 'array', columnType: 'text[]' })
  scopes!: string[];

  @Property({ type: 'blob', columnType: 'bytea', lazy: true })
  tokenHash!: Uint8Array;

  @Field(() => Date, { description: 'When it was made.' })
  @Property({ type: 'datetime' })
  createdAt!: Date;

  @Field(() => Date, { nullable: true, description: 'When it stops working; null: never.' })
  @Property({ type: 'datetime', nullable: true })
  expiresAt!: Date | null;

  @Field(() => Date, { nullable: true, description: 'When it was last used, to the minute; null: never.' })
  @Property({ type: 'datetime', nullable: true })
  lastUsedAt!: Date | null;
}

@ObjectType({ simpleResolvers: true, description: 'A new API token, with its text for this one time.' })
export class CreatedApiToken {
  /** The token's id, for the audit log. */
  id!: string;

  @Field(() => String, { description: 'The token: send it as `Authorization: Bearer`, `X-Auth-Token` or `token`. It is not shown again.' })
  token!: string;

  @Field(() => ApiToken, { description: 'What is kept of it.' })
  apiToken!: ApiToken;
}

@InputType({ description: 'An API token to make for oneself.' })
export class CreateApiTokenInput {
  @Field(() => String, { description: '1 to 100 characters.' })
  name!: string;

  @Field(() => [String], { description: '1 to 20 of `all`, `<subgraph>:read`, `<subgraph>:write`; within the scopes of the token that the request came with, if it came with one.' })
  scopes!: string[];

  @Field(() => Date, { nullable: true, description: 'When it is to stop working, in the future; left out: never.' })
  expiresAt?: Date | null;
}
