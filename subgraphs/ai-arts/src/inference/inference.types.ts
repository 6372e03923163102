import { connectionOf, UploadScalar, type UploadedFile } from '@hutong/common';
import { Field, Float, ID, InputType, Int, ObjectType } from 'type-graphql';
import { InferenceService } from './inference.entity.js';

export const InferenceServiceConnection = connectionOf('InferenceService', () => InferenceService);

@InputType({ description: 'An inference service to be made.' })
export class CreateInferenceServiceInput {
  @Field(() => String, { description: '1 to 255 characters; may repeat.' })
  name!: string;

  @Field(() => ID, { nullable: true, description: 'A model of the format `onnx` that the caller sees; it cannot be deleted until the service has ended. Either this or `modelPath`.' })
  modelId?: string | null;

  @Field(() => String, { nullable: true, description: 'The `path` of such a model, instead of its id; the newest one that has it.' })
  modelPath?: string | null;

  @Field(() => String, { nullable: true, description: '`cpu`, which is what there is now; by default `cpu`.' })
  deviceType?: string | null;

  @Field(() => Int, { nullable: true, description: 'Processors, from 1; by default 1.' })
  deviceNum?: number | null;

  @Field(() => Float, { nullable: true, description: 'Memory of the worker with the model, in bytes, from 256 MiB; by default JOB_MEMORY_MIB.' })
  memoryBytes?: number | null;

  @Field(() => String, { nullable: true, description: 'Up to 10,000 characters.' })
  description?: string | null;

  @Field(() => String, { nullable: true, description: '1 to 255 characters. The same token of the same user again answers the same service; with another input it is a CONFLICT.' })
  clientToken?: string | null;

  @Field(() => Int, { nullable: true, description: 'So many seconds, 0 to 600, the answer waits for the service to be RUNNING or to have ended; by default 0.' })
  waitSeconds?: number | null;
}

@InputType({ description: 'A picture to be kept for a service.' })
export class UploadImageInput {
  @Field(() => ID, { description: 'The service that is to look at it; it need not run yet.' })
  serviceId!: string;

  @Field(() => UploadScalar, { description: 'A JPEG, PNG, WebP or GIF, up to INFERENCE_IMAGE_BYTES.' })
  image!: Promise<UploadedFile>;
}

@InputType({ description: 'A picture, and how it is to be recognised.' })
export class RecognizeImageInput {
  @Field(() => ID, { description: 'The service.' })
  serviceId!: string;

  @Field(() => UploadScalar, { nullable: true, description: 'The picture itself: a JPEG, PNG, WebP or GIF, up to INFERENCE_IMAGE_BYTES; it is not kept. Either this or `imageId`.' })
  image?: Promise<UploadedFile> | null;

  @Field(() => ID, { nullable: true, description: 'One that the caller uploaded; by default the last one that the caller uploaded for the service.' })
  imageId?: string | null;

  @Field(() => Int, { nullable: true, description: 'How many labels, or boxes, at most: 1 to 1,000; by default 5 labels, or 100 boxes.' })
  top?: number | null;

  @Field(() => Float, { nullable: true, description: 'Only what has this score or more, 0 to 1; by default 0 for labels, and for boxes what `hutong.json` says, else 0.25.' })
  minScore?: number | null;

  @Field(() => Boolean, { nullable: true, description: 'True: the picture is also drawn with the boxes on it, as `pictureUrl`; by default false.' })
  picture?: boolean | null;

  @Field(() => Int, { nullable: true, description: 'So many seconds, 0 to 600, the answer waits for a service that sleeps, waits for its turn or is being started; by default 20 for one that sleeps, else 0.' })
  waitSeconds?: number | null;
}

@ObjectType({ simpleResolvers: true, description: 'What a picture shows, in one word.' })
export class RecognizedLabel {
  @Field(() => String, { description: "The label, by the model's `hutong.json`; else the number of the class, from 0." })
  label!: string;

  @Field(() => Float, { description: 'How sure the model is, 0 to 1; the scores of all classes of a model that classifies sum to 1, as far as it says.' })
  score!: number;
}

@ObjectType({ simpleResolvers: true, description: 'A thing in a picture, and where it is, in pixels of the picture as it is shown (turned as its EXIF says).' })
export class RecognizedBox extends RecognizedLabel {
  @Field(() => Float, { description: 'Its left edge, from the left.' })
  x!: number;

  @Field(() => Float, { description: 'Its upper edge, from the top.' })
  y!: number;

  @Field(() => Float, { description: 'In pixels.' })
  width!: number;

  @Field(() => Float, { description: 'In pixels.' })
  height!: number;
}

@ObjectType({ simpleResolvers: true, description: 'What a service has found in a picture.' })
export class Recognition {
  @Field(() => String, { description: '`classify` (labels of the whole picture) or `detect` (boxes).' })
  task!: string;

  @Field(() => [RecognizedLabel], { description: 'Of a model that classifies: the labels, the surest first.' })
  labels!: RecognizedLabel[];

  @Field(() => [RecognizedBox], { description: 'Of a model that detects: the things found, the surest first.' })
  boxes!: RecognizedBox[];

  @Field(() => String, { nullable: true, description: 'Where the picture with its boxes is got from, as a PNG, by whoever has it, within five minutes: the path of a URL, to be taken from the address of the graph. Null when it was not asked for.' })
  pictureUrl!: string | null;
}
