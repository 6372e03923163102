import { connectionOf, UploadScalar, type UploadedFile } from '@hutong/common';
import { Field, InputType, Int } from 'type-graphql';
import { ArtifactFilter, ArtifactInput, UpdateArtifactInput } from '../artifact/artifact.types.js';
import { Dataset } from './dataset.entity.js';

export const DatasetConnection = connectionOf('Dataset', () => Dataset);

@InputType({ description: 'A dataset of files that are there already.' })
export class RegisterDatasetInput extends ArtifactInput {
  @Field(() => String, { description: 'The path that an upload answered, with an optional path behind it; or `shared/` and the path of files that administrators have put into the store.' })
  path!: string;

  @Field(() => Int, { nullable: true, description: 'So many seconds, 0 to 600, the answer waits for files of the store to be looked through; by default 20.' })
  waitSeconds?: number | null;
}

@InputType({ description: 'A dataset that comes with the request.' })
export class UploadDatasetInput extends ArtifactInput {
  @Field(() => UploadScalar, { description: 'One file; a .zip, .tar, .tar.gz or .tgz is unpacked.' })
  file!: Promise<UploadedFile>;

  @Field(() => String, { nullable: true, description: 'A relative path: the folder that the files come into; by default none.' })
  dir?: string | null;

  @Field(() => String, { nullable: true, description: '1 to 255 characters that `uploadProgress` can be asked for; may repeat.' })
  token?: string | null;

  @Field(() => Int, { nullable: true, description: 'So many seconds, 0 to 600, the answer waits for an archive that has come to be unpacked, by default 20; UPLOAD_FAILED names the path to register when it takes longer.' })
  waitSeconds?: number | null;
}

@InputType({ description: 'What is to be said of a dataset.' })
export class UpdateDatasetInput extends UpdateArtifactInput {}

@InputType({ description: 'Which datasets to list; what is left out does not filter.' })
export class DatasetFilter extends ArtifactFilter {}
