import { connectionOf } from '@hutong/common';
import { Entity, PrimaryKey, Property } from '@mikro-orm/decorators/legacy';
import { Directive, Field, ID, InputType, ObjectType } from 'type-graphql';

/** What somebody did, or tried to. */
@ObjectType({ simpleResolvers: true, description: 'What somebody changed, or tried to. Never holds a secret.' })
@Entity({ tableName: 'audit_entry' })
export class AuditEntry {
  @Field(() => ID, { description: 'Later entries have larger ids.' })
  @PrimaryKey({ type: 'string', columnType: 'bigint' })
  id!: string;

  @Field(() => Date, { description: 'When it was done.' })
  @Property({ type: 'datetime' })
  at!: Date;

  /** The user who did it; null for somebody who had not logged in, or the platform itself. */
  @Property({ type: 'uuid', nullable: true })
  actorId!: string | null;

  @Field(() => String, { description: 'The mutation, or the tool at the terminal.' })
  @Property({ type: 'text' })
  action!: string;

  @Field(() => String, { nullable: true, description: 'On what, as `<Type>:<id>` or an id or username.' })
  @Property({ type: 'text', nullable: true })
  subject!: string | null;

  @Field(() => String, { nullable: true, description: 'The request’s `X-Request-Id`.' })
  @Property({ type: 'text', nullable: true })
  requestId!: string | null;

  @Field(() => String, { description: '`ok`, or the code of the failure.' })
  @Property({ type: 'text' })
  outcome!: string;
}

export const AuditConnection = connectionOf('Audit', () => AuditEntry);

@Directive('@inaccessible')
@InputType({ description: 'What a mutation of any subgraph did. For the platform itself.' })
export class RecordAuditInput {
  @Field(() => ID, { nullable: true, description: 'The user who did it.' })
  actorId?: string | null;

  @Field(() => String, { description: 'The mutation.' })
  action!: string;

  @Field(() => String, { nullable: true, description: 'On what.' })
  subject?: string | null;

  @Field(() => String, { description: 'The request’s id.' })
  requestId!: string;

  @Field(() => String, { description: '`ok`, or the code of the failure.' })
  outcome!: string;

  @Field(() => Date, { description: 'When it was done.' })
  at!: Date;
}
