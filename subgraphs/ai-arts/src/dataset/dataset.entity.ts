import { Entity } from '@mikro-orm/decorators/legacy';
import { Directive, ObjectType } from 'type-graphql';
import { Artifact } from '../artifact/artifact.entity.js';

/** Data that programs read. */
@Directive('@key(fields: "id")')
@ObjectType({ simpleResolvers: true, description: 'Data that programs read. Serves /ai_arts/api/datasets.' })
@Entity({ tableName: 'dataset' })
export class Dataset extends Artifact {}
