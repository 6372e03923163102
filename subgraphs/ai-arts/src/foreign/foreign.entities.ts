import { Directive, Field, ID, ObjectType } from 'type-graphql';

/** A user, known here by id alone; `machines` tells the rest. */
@Directive('@key(fields: "id", resolvable: false)')
@ObjectType('User', { simpleResolvers: true })
export class UserReference {
  @Field(() => ID, { description: 'The user id.' })
  id!: string;
}
