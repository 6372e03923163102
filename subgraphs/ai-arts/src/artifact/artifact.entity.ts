import { UserReference } from '@hutong/common';
import { BigIntType } from '@mikro-orm/core';
import { Entity, PrimaryKey, Property } from '@mikro-orm/decorators/legacy';
import { Field, Float, ID, Int, ObjectType } from 'type-graphql';

/** What datasets and models have in common: files with a name, kept as long as it is there. */
@ObjectType({ simpleResolvers: true })
@Entity({ abstract: true })
export abstract class Artifact {
  @Field(() => ID, { description: 'A decimal integer.' })
  @PrimaryKey({ type: 'integer', autoincrement: true })
  id!: number;

  @Property({ type: 'text' })
  ownerId!: string;

  @Field(() => String, { description: 'The username of its owner when it was made, which whoever sees it may know.' })
  @Property({ type: 'text' })
  creator!: string;

  @Field(() => String, { description: '1 to 255 characters; with its version it is the only one of its owner.' })
  @Property({ type: 'text' })
  name!: string;

  @Field(() => String, { description: '1 to 100 characters, `1` when nothing was said.' })
  @Property({ type: 'text' })
  version!: string;

  @Field(() => String, { nullable: true, description: 'A label, such as `latest`, that one version of the name carries at a time; null: none.' })
  @Property({ type: 'text', nullable: true })
  alias: string | null = null;

  @Field(() => String, { nullable: true, description: 'Up to 10,000 characters.' })
  @Property({ type: 'text', nullable: true })
  description: string | null = null;

  @Field(() => Boolean, { description: 'Whether only its owner sees it.' })
  @Property({ type: 'boolean' })
  isPrivate!: boolean;

  @Property({ type: 'uuid' })
  fileSetId!: string;

  /** What it is of its set, a folder or a file; empty: all of it. */
  @Property({ type: 'text' })
  folder = '';

  @Field(() => String, { description: 'What names its files where a path is asked for.' })
  @Property({ type: 'text' })
  path!: string;

  @Field(() => Float, { description: 'All its files together, in bytes.' })
  @Property({ type: new BigIntType('number') })
  sizeBytes!: number;

  @Field(() => Int, { description: 'How many files it has.' })
  @Property({ type: 'integer' })
  fileCount!: number;

  @Field(() => String, { description: 'SHA-256 as 64 lower-case hexadecimal digits: of the file when there is one, else of the lines `<sha256>  <path>` of all files, sorted by their paths as bytes.' })
  @Property({ type: 'text' })
  sha256!: string;

  @Field(() => Date, { description: 'When it was made.' })
  @Property({ type: 'datetime' })
  createdAt!: Date;

  @Field(() => Date, { description: 'When what is said of it was changed, last.' })
  @Property({ type: 'datetime' })
  updatedAt!: Date;

  /** When it was deleted: nobody sees it any more, and its files are kept for a time of grace. */
  @Property({ type: 'datetime', nullable: true })
  deletedAt: Date | null = null;

  @Field(() => UserReference, { nullable: true, description: 'Whose it is; null only when machines does not answer.' })
  get owner(): UserReference {
    return { id: this.ownerId };
  }
}
