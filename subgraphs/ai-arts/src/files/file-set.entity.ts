import { describedStates } from '@hutong/common';
import { BigIntType } from '@mikro-orm/core';
import { Entity, PrimaryKey, Property } from '@mikro-orm/decorators/legacy';
import { Field, Float, ID, Int, ObjectType, registerEnumType } from 'type-graphql';
import { FILE_SET_STATES, FileSetState } from './file-set.states.js';

/** What a set of files is for. */
export enum FilePurpose {
  CODE = 'CODE',
  DATASET = 'DATASET',
  MODEL = 'MODEL',
}

registerEnumType(FileSetState, { name: 'FileSetState', description: 'Where a set of files stands.', valuesConfig: describedStates(FILE_SET_STATES) });
registerEnumType(FilePurpose, {
  name: 'FilePurpose',
  description: 'What a set of files is for.',
  valuesConfig: {
    CODE: { description: 'Programs of trainings and notebooks.' },
    DATASET: { description: 'Data that programs read.' },
    MODEL: { description: 'A model, as ONNX or as an archive.' },
  },
});

/** Files that came, or were written, together: what an upload becomes. They never change. */
@ObjectType({ simpleResolvers: true, description: 'Files that came together, by an upload or out of a training. They never change.' })
@Entity({ tableName: 'file_set' })
export class FileSet {
  @Field(() => ID, { description: 'A UUID.' })
  @PrimaryKey({ type: 'uuid' })
  id!: string;

  @Property({ type: 'text' })
  ownerId!: string;

  @Field(() => FilePurpose, { description: 'What the files are for.' })
  @Property({ type: 'text' })
  purpose!: FilePurpose;

  @Field(() => Boolean, { description: 'Whether only their owner may use them; a part of them may still be public, as a dataset or model.' })
  @Property({ type: 'boolean' })
  isPrivate!: boolean;

  @Field(() => FileSetState, { description: 'Where the files stand now.' })
  @Property({ type: 'text' })
  state!: FileSetState;

  @Field(() => String, { nullable: true, description: 'Why it FAILED.' })
  @Property({ type: 'text', nullable: true })
  stateReason: string | null = null;

  /** Before the key of each of its files in the store; ends in `/`. */
  @Property({ type: 'text' })
  prefix!: string;

  /** The folder in it that its path shows; empty: itself. */
  @Property({ type: 'text' })
  folder = '';

  @Field(() => Float, { description: 'All its files together, in bytes; 0 until it is READY.' })
  @Property({ type: new BigIntType('number') })
  sizeBytes = 0;

  @Field(() => Int, { description: 'How many files it has; 0 until it is READY.' })
  @Property({ type: 'integer' })
  fileCount = 0;

  @Field(() => String, {
    nullable: true,
    description: 'SHA-256 as 64 lower-case hexadecimal digits, once it is READY: of the file when there is one, else of the lines `<sha256>  <path>` of all files, sorted by their paths as bytes, each ended by a newline (as `sha256sum` writes them).',
  })
  @Property({ type: 'text', nullable: true })
  sha256: string | null = null;

  /** What its owner's quota counts for it: what it has, or while it arrives what room was taken; 0 for files that are not ours. */
  @Property({ type: new BigIntType('number') })
  countedBytes = 0;

  /** SHA-256 of those lines however many files there are: equal for equal files of equal names. */
  @Property({ type: 'text', nullable: true })
  contentHash: string | null = null;

  /** The process that takes it in; null: nobody does. */
  @Property({ type: 'uuid', nullable: true })
  worker: string | null = null;

  /** What the uploader follows it by. */
  @Property({ type: 'text', nullable: true })
  token: string | null = null;

  @Field(() => Date, { nullable: true, description: 'When it is deleted unless something uses it by then; null while something does.' })
  @Property({ type: 'datetime', nullable: true })
  expiresAt: Date | null = null;

  @Field(() => Date, { description: 'When it began to come.' })
  @Property({ type: 'datetime' })
  createdAt!: Date;

  @Field(() => String, { description: 'What names it where a path is asked for, such as `codePath`: `<purpose in lower case>/<id>`, with the folder that it was uploaded to. A path of something in it may follow.' })
  get path(): string {
    return [this.purpose.toLowerCase(), this.id, this.folder].filter((part) => part !== '').join('/');
  }
}

/** One file of a set. */
@ObjectType('StoredFile', { simpleResolvers: true, description: 'A file of a set.' })
export class FileEntry {
  @Field(() => String, { description: 'Its path in the set, with `/` between the parts.' })
  path!: string;

  @Field(() => Float, { description: 'Its size in bytes.' })
  sizeBytes!: number;

  @Field(() => String, { description: 'Its SHA-256, as 64 lower-case hexadecimal digits.' })
  sha256!: string;
}
