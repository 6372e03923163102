import { connectionOf, UploadScalar, type UploadedFile } from '@hutong/common';
import { Field, Float, ID, InputType, Int, ObjectType } from 'type-graphql';
import { FileEntry, FilePurpose } from './file-set.entity.js';
import { FileSetState } from './file-set.states.js';

export const StoredFileConnection = connectionOf('StoredFile', () => FileEntry);

@InputType({ description: 'Files to be kept.' })
export class UploadFilesInput {
  @Field(() => UploadScalar, { description: 'One file; a .zip, .tar, .tar.gz or .tgz is unpacked unless `unpack` says otherwise. A MODEL is one of these or an .onnx.' })
  file!: Promise<UploadedFile>;

  @Field(() => FilePurpose, { description: 'What the files are for.' })
  purpose!: FilePurpose;

  @Field(() => String, { nullable: true, description: 'A relative path: the folder that the files come into; by default none.' })
  dir?: string | null;

  @Field(() => Boolean, { nullable: true, description: 'False: everybody who is signed in may use the files who knows their path; by default true.' })
  isPrivate?: boolean | null;

  @Field(() => Boolean, { nullable: true, description: 'False: an archive is kept as one file; by default true.' })
  unpack?: boolean | null;

  @Field(() => String, { nullable: true, description: '1 to 255 characters that `uploadProgress` can be asked for; may repeat.' })
  token?: string | null;

  @Field(() => Int, { nullable: true, description: 'So many seconds, 0 to 600, the answer waits for an archive that has come to be unpacked; by default 20. After that it is answered as UNPACKING, and goes on.' })
  waitSeconds?: number | null;
}

@InputType({ description: 'Files that administrators have put into the store.' })
export class RegisterFilesInput {
  @Field(() => String, { description: '`shared/` and the path of a folder or of one file in the store.' })
  path!: string;

  @Field(() => FilePurpose, { description: 'What the files are for.' })
  purpose!: FilePurpose;

  @Field(() => Int, { nullable: true, description: 'So many seconds, 0 to 600, the answer waits for the files to be looked through; by default 20. After that they are answered as RECEIVING, and it goes on.' })
  waitSeconds?: number | null;
}

/** A step of an upload. */
@ObjectType({ simpleResolvers: true, description: 'An upload came along: it entered a state, or a second has passed in which it moved.' })
export class UploadEvent {
  @Field(() => ID, { description: 'Opaque; pass it as `after` to be told what came behind it.' })
  id!: string;

  @Field(() => Date, { description: 'When it happened.' })
  at!: Date;

  @Field(() => FileSetState, { description: 'The state of the files then.' })
  state!: FileSetState;

  @Field(() => String, { nullable: true, description: 'Why they FAILED.' })
  stateReason!: string | null;

  @Field(() => String, { nullable: true, description: 'The token that the upload came with.' })
  token!: string | null;

  @Field(() => Float, { description: 'Bytes that had come.' })
  receivedBytes!: number;

  @Field(() => Int, { description: 'Files of the archive that were unpacked.' })
  unpackedFiles!: number;

  @Field(() => Int, { nullable: true, description: 'Files that the archive has; null before it was looked through.' })
  totalFiles!: number | null;

  fileSetId!: string;
}
