import { Field, Float, Int, ObjectType } from 'type-graphql';
import type { StorageUse as Use } from './storage.quota.js';

@ObjectType({ simpleResolvers: true, description: 'What a user has in the store of files, and may have. Folders of jobs and files that administrators have put there do not count.' })
export class StorageUse implements Use {
  @Field(() => Float, { description: 'Bytes of all files: of uploads, datasets, models and code, of what is on its way, and of what was deleted until it is removed.' })
  usedBytes!: number;

  @Field(() => Float, { description: 'Of these, bytes of what was deleted; they are free again when it is removed, some hours after that (a setting).' })
  deletedBytes!: number;

  @Field(() => Float, { nullable: true, description: 'How many bytes there may be; null: any number.' })
  quotaBytes!: number | null;

  @Field(() => Int, { description: 'How many sets of files there are: every upload, program and taken-up output is one.' })
  setCount!: number;

  @Field(() => Int, { nullable: true, description: 'How many sets there may be; null: any number.' })
  mostSets!: number | null;
}
