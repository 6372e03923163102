import { Entity, PrimaryKey, Property } from '@mikro-orm/decorators/legacy';
import { Field, Int, ObjectType } from 'type-graphql';

/** How one organization gives out addresses of its resources. */
@ObjectType({
  simpleResolvers: true,
  description: "How an organization gives out its resources' URLs: by its allocation webhook when one is set, else by its URL template, else `http://<first available ip>:<first port>`.",
})
@Entity({ tableName: 'provider' })
export class Provider {
  /** The 5-digit code. */
  @PrimaryKey({ type: 'text', fieldName: 'organization' })
  organizationCode!: string;

  @Field(() => String, {
    nullable: true,
    description: 'A URL with placeholders `{ip}`, `{port}`, `{task_id}`, `{computing_resource_id}`, `{computing_id}`; null: none.',
  })
  @Property({ type: 'text', nullable: true })
  urlTemplate!: string | null;

  @Field(() => String, { nullable: true, description: 'Where allocations are asked for by POST; null: nowhere.' })
  @Property({ type: 'text', nullable: true })
  webhookUrl!: string | null;

  /** In the form of the secret box; never read but to sign. */
  @Property({ type: 'text', nullable: true, lazy: true, hidden: true })
  webhookSecret!: string | null;

  @Field(() => Int, { description: 'How long one try of the webhook may take, in seconds, 1 to 20.' })
  @Property({ type: 'integer' })
  allocationTimeoutSeconds!: number;

  @Field(() => Date, { description: 'When this was saved last.' })
  @Property({ type: 'datetime' })
  savedAt!: Date;
}
