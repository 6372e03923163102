import { Field, InputType } from 'type-graphql';

@InputType({ description: 'Who logs in.' })
export class LogInInput {
  @Field(() => String, { description: 'The username, whatever the capitals; not empty.' })
  username!: string;

  @Field(() => String, { description: 'The password; not empty.' })
  password!: string;
}
