import { Entity, Property } from '@mikro-orm/decorators/legacy';
import { Directive, Field, ObjectType } from 'type-graphql';
import { Artifact } from '../artifact/artifact.entity.js';

/** What a training has made, or somebody has brought: what recognises. */
@Directive('@key(fields: "id")')
@ObjectType({ simpleResolvers: true, description: 'A trained model. Serves /ai_arts/api/models.' })
@Entity({ tableName: 'model' })
export class Model extends Artifact {
  @Field(() => String, { description: 'How it is written down: `onnx` when one of its files is, else what was said, or `files`.' })
  @Property({ type: 'text' })
  format!: string;

  @Field(() => String, { nullable: true, description: 'What it is for, in the words of its owner.' })
  @Property({ type: 'text', nullable: true })
  use: string | null = null;

  @Field(() => String, { nullable: true, description: 'The environment that it was made for, such as `tensorflow-2.4`.' })
  @Property({ type: 'text', nullable: true })
  engine: string | null = null;

  @Field(() => String, { nullable: true, description: 'Of its numbers, such as `fp32`.' })
  @Property({ type: 'text', nullable: true })
  precision: string | null = null;

  @Field(() => Object, { nullable: true, description: 'What else its owner says of it: an object of up to 65,536 bytes of JSON.' })
  @Property({ type: 'json', columnType: 'json', nullable: true })
  params: Record<string, unknown> | null = null;

  /** The training that made it. */
  @Property({ type: 'uuid', nullable: true })
  trainingId: string | null = null;
}
