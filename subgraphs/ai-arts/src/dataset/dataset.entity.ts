import { Entity, Property } from '@mikro-orm/decorators/legacy';
import { Directive, Field, ObjectType } from 'type-graphql';
import { Artifact } from '../artifact/artifact.entity.js';

/** Data that programs read. */
@Directive('@key(fields: "id")')
@ObjectType({ simpleResolvers: true, description: 'Data that programs read. Serves /ai_arts/api/datasets.' })
@Entity({ tableName: 'dataset' })
export class Dataset extends Artifact {
  @Field(() => String, { nullable: true, description: 'The id of the project on the label server that it is linked to; null: none.' })
  @Property({ type: 'text', nullable: true })
  labelingProject: string | null = null;

  /** The dataset that this one is a version of with labels. */
  @Property({ type: 'integer', nullable: true })
  sourceId: number | null = null;

  /** What makes it safe to import the same labels again. */
  @Property({ type: 'text', nullable: true })
  clientToken: string | null = null;

  @Property({ type: 'text', nullable: true })
  requestHash: string | null = null;
}
