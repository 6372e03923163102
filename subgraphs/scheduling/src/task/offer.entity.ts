import { Entity, PrimaryKey, Property } from '@mikro-orm/decorators/legacy';
import { connectionOf } from '@hutong/common';
import { Field, Float, Int, ObjectType } from 'type-graphql';

/** A resource offered to a task. */
@ObjectType({ simpleResolvers: true, description: 'A resource offered to a task.' })
@Entity({ tableName: 'offer' })
export class Offer {
  @PrimaryKey({ type: 'integer' })
  taskId!: number;

  @Field(() => Int, { description: '1 for the best, up to 100.' })
  @PrimaryKey({ type: 'smallint' })
  rank!: number;

  @Field(() => Float, {
    description: 'The share of all matching resources that this one is at least as good as: 1 for the best, then evenly less with each rank, always above 0.',
  })
  @Property({ type: 'double' })
  score!: number;

  @Property({ type: 'integer' })
  resourceId!: number;

  @Field(() => Date, { nullable: true, description: 'When the user refused this offer; null: never.' })
  @Property({ type: 'datetime', nullable: true })
  refusedAt!: Date | null;
}

export const OfferConnection = connectionOf('Offer', () => Offer);
