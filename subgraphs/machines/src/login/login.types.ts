import { Field, InputType } from 'type-graphql';

@InputType({ description: 'Who logs in.' })
export class LogInInput {
  @Field(() => String, { description: 'The username, whatever the capitals.' })
  username!: string;

  @Field(() => String, { description: 'The password.' })
  password!: string;
}
