import { connectionOf, UploadScalar, type UploadedFile } from '@hutong/common';
import { Field, ID, InputType, Int } from 'type-graphql';
import { ArtifactFilter, ArtifactInput, UpdateArtifactInput } from '../artifact/artifact.types.js';
import { Model } from './model.entity.js';

export const ModelConnection = connectionOf('Model', () => Model);

/** What is said of a model, beside its files. */
@InputType()
export abstract class ModelInput extends ArtifactInput {
  @Field(() => String, { nullable: true, description: '1 to 100 characters; looked for in the files when left out.' })
  format?: string | null;

  @Field(() => String, { nullable: true, description: 'Up to 255 characters.' })
  use?: string | null;

  @Field(() => String, { nullable: true, description: 'Up to 255 characters.' })
  engine?: string | null;

  @Field(() => String, { nullable: true, description: 'Up to 255 characters.' })
  precision?: string | null;

  @Field(() => Object, { nullable: true, description: 'An object of up to 65,536 bytes of JSON.' })
  params?: unknown;
}

@InputType({ description: 'A model of files that are there already.' })
export class RegisterModelInput extends ModelInput {
  @Field(() => String, { nullable: true, description: 'The path that an upload answered, with an optional path behind it; or `shared/` and the path of files that administrators have put into the store. Either this or `trainingId`.' })
  path?: string | null;

  @Field(() => ID, { nullable: true, description: 'A FINISHED training whose output it is.' })
  trainingId?: string | null;

  @Field(() => Int, { nullable: true, description: 'So many seconds, 0 to 600, the answer waits for files of the store to be looked through, and may take for the output of a training to be copied; by default 20.' })
  waitSeconds?: number | null;
}

@InputType({ description: 'A model that comes with the request.' })
export class UploadModelInput extends ModelInput {
  @Field(() => UploadScalar, { description: 'An .onnx, or a .zip, .tar, .tar.gz or .tgz, which is unpacked.' })
  file!: Promise<UploadedFile>;

  @Field(() => String, { nullable: true, description: 'A relative path: the folder that the files come into; by default none.' })
  dir?: string | null;

  @Field(() => String, { nullable: true, description: '1 to 255 characters that `uploadProgress` can be asked for; may repeat.' })
  token?: string | null;

  @Field(() => Int, { nullable: true, description: 'So many seconds, 0 to 600, the answer waits for an archive that has come to be unpacked, by default 20; UPLOAD_FAILED names the path to register when it takes longer.' })
  waitSeconds?: number | null;
}

@InputType({ description: 'What is to be said of a model.' })
export class UpdateModelInput extends UpdateArtifactInput {}

@InputType({ description: 'Which models to list; what is left out does not filter.' })
export class ModelFilter extends ArtifactFilter {
  @Field(() => String, { nullable: true, description: 'Only models for exactly this.' })
  use?: string | null;

  @Field(() => String, { nullable: true, description: 'Only models of this format.' })
  format?: string | null;
}
