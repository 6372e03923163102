import { Directive, Field, ID, InputType, Int, ObjectType } from 'type-graphql';

@Directive('@inaccessible')
@InputType({ description: 'What to reserve.' })
export class ReserveInput {
  @Field(() => ID, { description: 'The computing resource.' })
  resourceId!: string;

  @Field(() => Int, { description: 'CPUs, 0 or more.' })
  cpu!: number;

  @Field(() => Int, { description: 'GPUs, 0 or more.' })
  gpu!: number;

  @Field(() => String, { description: 'Names this reservation, 1 to 200 characters: the same key again reserves nothing twice.' })
  key!: string;
}

@Directive('@inaccessible')
@ObjectType({ simpleResolvers: true, description: 'Capacity held for a task.' })
export class Reservation {
  @Field(() => String, { description: 'Its key.' })
  key!: string;

  @Field(() => ID, { description: 'The computing resource.' })
  resourceId!: number;

  @Field(() => Int, { description: 'CPUs held.' })
  cpu!: number;

  @Field(() => Int, { description: 'GPUs held.' })
  gpu!: number;

  @Field(() => Date, { description: 'When it was made. It counts until it is released, or until a report that was measured after it was confirmed.' })
  reservedAt!: Date;
}
