import { Entity, Enum, PrimaryKey, Property } from '@mikro-orm/decorators/legacy';
import { Directive, Field, ID, ObjectType } from 'type-graphql';
import { CodeKind } from './code-name.kinds.js';

/** A code of a computing identifier with the name it is shown by. Not every code has a row: an unnamed one shows as itself. */
@Directive('@key(fields: "id")')
@ObjectType({ simpleResolvers: true, description: 'A code of a computing identifier and the name it is shown by.' })
@Entity({ tableName: 'code_name' })
export class CodeName {
  @Enum({ items: () => CodeKind, primary: true })
  kind!: CodeKind;

  @Field(() => String, { description: 'The code as it stands in the identifier, for example `3301`.' })
  @PrimaryKey({ type: 'text' })
  code!: string;

  @Field(() => String, { description: 'Its name, for example `杭州`; the code itself until an admin names it with `nameCode`.' })
  @Property({ type: 'text' })
  name!: string;

  @Field(() => ID, { description: '`<kind>:<code>`, for example `CITY:3301`. A stub with this id names the code anywhere in the graph.' })
  get id(): string {
    return `${this.kind}:${this.code}`;
  }
}
