import { Field, InputType } from 'type-graphql';
import { CodeKind } from './code-name.kinds.js';

@InputType({ description: 'A name for a code.' })
export class NameCodeInput {
  @Field(() => CodeKind, { description: 'What the code is a code of.' })
  kind!: CodeKind;

  @Field(() => String, { description: 'The code, in the form its kind has in an identifier: four digits for a city, two letters for an industry and so on.' })
  code!: string;

  @Field(() => String, { description: '1 to 100 characters. Two codes may share a name; a filter by that name finds both.' })
  name!: string;
}
