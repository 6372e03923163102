import { connectionOf } from '@hutong/common';
import { Field, Float, ID, InputType, Int } from 'type-graphql';
import { Training } from './training.entity.js';

export const TrainingConnection = connectionOf('Training', () => Training);

@InputType({ description: 'A program of one file, given with the request.' })
export class InlineCode {
  @Field(() => String, { description: 'The name of the file; it ends in .py, .sh or .js.' })
  name!: string;

  @Field(() => String, { description: 'The program, up to 1 MiB.' })
  text!: string;
}

@InputType({ description: 'A training to be run.' })
export class CreateTrainingInput {
  @Field(() => String, { description: '1 to 255 characters; may repeat.' })
  name!: string;

  @Field(() => String, { description: 'The environment: `python`, `bash`, `node`, or one of the site.' })
  engine!: string;

  @Field(() => String, { nullable: true, description: 'Path of uploaded code, as the upload answered it, with an optional folder behind it. Either this or `code` is required.' })
  codePath?: string | null;

  @Field(() => InlineCode, { nullable: true, description: 'The program itself.' })
  code?: InlineCode | null;

  @Field(() => String, { nullable: true, description: 'What to start: a relative path in the code that ends in .py, .sh or .js. Required with `codePath`; with `code` it is that file.' })
  startupFile?: string | null;

  @Field(() => String, { nullable: true, description: 'Path of data, as the upload or the dataset tells; the program gets the folder as `--data_path`.' })
  datasetPath?: string | null;

  @Field(() => ID, { nullable: true, description: 'A dataset, instead of `datasetPath`; it cannot be deleted until the training has ended.' })
  datasetId?: string | null;

  @Field(() => String, { nullable: true, description: 'A relative folder of the output, which the program gets as `--output_path`; by default the output itself.' })
  outputPath?: string | null;

  @Field(() => Object, { nullable: true, description: 'Up to 100 parameters by name, each a text, a number, true or false; the program gets each as `--<name> <value>`.' })
  params?: unknown;

  @Field(() => String, { nullable: true, description: 'Up to 10,000 characters.' })
  description?: string | null;

  @Field(() => String, { nullable: true, description: '`cpu` (by default), `gpu` for any kind, or the name of a GPU on the engine.' })
  deviceType?: string | null;

  @Field(() => Int, { nullable: true, description: 'Processors, or GPUs, of each task, from 1; by default 1.' })
  deviceNum?: number | null;

  @Field(() => String, { nullable: true, description: '`RegularJob` (by default) or `PSDistJob`.' })
  jobTrainingType?: string | null;

  @Field(() => Int, { nullable: true, description: 'Parameter servers of a PSDistJob, from 1.' })
  numPs?: number | null;

  @Field(() => Int, { nullable: true, description: 'Workers of a PSDistJob, from 1; with the parameter servers at most 1,000.' })
  numPsWorker?: number | null;

  @Field(() => Float, { nullable: true, description: 'Memory of each task in bytes, from 16 MiB; by default JOB_MEMORY_MIB.' })
  memoryBytes?: number | null;

  @Field(() => Int, { nullable: true, description: 'The training is ended after so many seconds, from 1; by default and at most JOB_TIME_LIMIT_SECONDS.' })
  timeLimitSeconds?: number | null;

  @Field(() => String, { nullable: true, description: '1 to 255 characters. The same token of the same user again answers the same training; with another input it is a CONFLICT.' })
  clientToken?: string | null;
}
