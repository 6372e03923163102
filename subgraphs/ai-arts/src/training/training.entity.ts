import { Entity, Property } from '@mikro-orm/decorators/legacy';
import { BigIntType } from '@mikro-orm/core';
import { Directive, Field, Float, Int, ObjectType } from 'type-graphql';
import { Job } from '../job/job.entity.js';

/** The types of trainings, by the contract's names. */
export const TRAINING_TYPES = ['RegularJob', 'PSDistJob'] as const;
export type TrainingType = (typeof TRAINING_TYPES)[number];

/** A value of a parameter, as the program gets it behind `--<name>`. */
export type TrainingParameter = string | number | boolean;

/** A program that learns from data and leaves an output behind. */
@Directive('@key(fields: "id")')
@ObjectType({ simpleResolvers: true, implements: Job, description: 'A program that learns from data and leaves an output behind. Serves /ai_arts/api/trainings.' })
@Entity({ discriminatorValue: 'TRAINING' })
export class Training extends Job {
  @Field(() => String, { description: 'What is started: a relative path in its code that ends in .py, .sh or .js.' })
  @Property({ type: 'text' })
  startupFile!: string;

  @Field(() => String, { nullable: true, description: 'Where its data was taken from, as the upload or the dataset tells; null when it has none.' })
  @Property({ type: 'text', nullable: true })
  datasetPath: string | null = null;

  @Property({ type: 'uuid', nullable: true })
  datasetFileSetId: string | null = null;

  /** What of the set is its data; empty: all of it. */
  @Property({ type: 'text' })
  datasetFolder = '';

  @Field(() => String, { nullable: true, description: 'The folder of its output that the program is given; null: the output itself.' })
  @Property({ type: 'text', nullable: true })
  outputPath: string | null = null;

  @Field(() => Object, { description: 'Its parameters by name; each is given to the program as `--<name> <value>`, in this order.' })
  @Property({ type: 'json', columnType: 'json' })
  params: Record<string, TrainingParameter> = {};

  @Field(() => String, { description: '`RegularJob`: one task; `PSDistJob`: `numPs` + `numPsWorker` tasks at the same time, each knowing its place by RANK and WORLD_SIZE, and the numbers by NUM_PS and NUM_PS_WORKER.' })
  @Property({ type: 'text' })
  jobTrainingType!: TrainingType;

  @Field(() => Int, { nullable: true, description: 'Parameter servers of a PSDistJob.' })
  @Property({ type: 'integer', nullable: true })
  numPs: number | null = null;

  @Field(() => Int, { nullable: true, description: 'Workers of a PSDistJob.' })
  @Property({ type: 'integer', nullable: true })
  numPsWorker: number | null = null;

  @Field(() => Float, { nullable: true, description: 'How far it is, from 0 to 1, by the last line of its log that says `step` and `total`; null when none does.' })
  @Property({ type: 'double', nullable: true })
  progress: number | null = null;

  /** Bytes of its log that were read for metrics, and whether that was all. */
  @Property({ type: new BigIntType('number') })
  logReadBytes = 0;

  @Property({ type: 'boolean' })
  isLogRead = false;

  @Field(() => Int, { description: 'It is ended after so many seconds, and is FAILED then.' })
  @Property({ type: 'integer' })
  timeLimitSeconds!: number;
}
