import { describedStates, UserReference } from '@hutong/common';
import { BigIntType } from '@mikro-orm/core';
import { Entity, PrimaryKey, Property } from '@mikro-orm/decorators/legacy';
import { Field, Float, ID, Int, InterfaceType, registerEnumType } from 'type-graphql';
import type { EngineJobSpec } from '../drivers/engine/engine.js';
import { JOB_STATES, JobState } from './job.states.js';

registerEnumType(JobState, { name: 'JobState', description: 'Where a notebook, training or inference service stands.', valuesConfig: describedStates(JOB_STATES) });

/** What is to be done about a job outside the database, written down before it is. SUBMIT stages its files and hands it to the engine, STOP ends it there, REMOVE takes away what a deleted one has left. */
export type JobErrand = 'SUBMIT' | 'STOP' | 'REMOVE';

/** What tells the kinds of jobs apart in the table. */
export type JobKindName = 'NOTEBOOK' | 'TRAINING' | 'INFERENCE';

/** The part of an engine's job that is the kind's to say; see {@link EngineJobSpec}. */
export type JobLaunch = Omit<EngineJobSpec, 'id' | 'name' | 'folder'>;

/** A program that runs for a user on the engine: what it is, where it stands, and the work that is still to be done about it. */
@InterfaceType({ description: 'A program that runs for a user on the engine: a notebook, a training or an inference service.' })
@Entity({ abstract: true, tableName: 'job', discriminator: 'kind' })
export abstract class Job {
  @Field(() => ID, { description: 'A UUID.' })
  @PrimaryKey({ type: 'uuid' })
  id!: string;

  @Property({ type: 'text' })
  kind!: JobKindName;

  @Property({ type: 'text' })
  ownerId!: string;

  @Field(() => String, { description: '1 to 255 characters; may repeat.' })
  @Property({ type: 'text' })
  name!: string;

  @Field(() => String, { nullable: true, description: 'What its owner says about it, up to 10,000 characters.' })
  @Property({ type: 'text', nullable: true })
  description: string | null = null;

  @Field(() => String, { description: 'The environment it runs in: `python`, `bash`, `node`, or one of the site (JOB_ENVIRONMENTS); of an inference service its runtime, `onnx` or `oip`.' })
  @Property({ type: 'text' })
  engine!: string;

  @Field(() => String, { description: '`cpu`, `gpu` (any kind), or a GPU by its name on the engine.' })
  @Property({ type: 'text' })
  deviceType!: string;

  @Field(() => Int, { description: 'Processors, or GPUs, of each of its tasks.' })
  @Property({ type: 'integer' })
  deviceNum!: number;

  @Field(() => Float, { description: 'Memory of each of its tasks, in bytes.' })
  @Property({ type: new BigIntType('number') })
  memoryBytes!: number;

  @Field(() => String, { nullable: true, description: 'Where its code was taken from, as the upload answered it; null when it has none.' })
  @Property({ type: 'text', nullable: true })
  codePath: string | null = null;

  @Property({ type: 'uuid', nullable: true })
  codeFileSetId: string | null = null;

  /** What of the code set is its code; empty: the set itself. */
  @Property({ type: 'text' })
  codeFolder = '';

  /** In use by this job until it has ended. */
  @Property({ type: 'integer', nullable: true })
  datasetId: number | null = null;

  @Property({ type: 'integer', nullable: true })
  modelId: number | null = null;

  @Field(() => JobState, { description: 'Where it stands now.' })
  @Property({ type: 'text' })
  state!: JobState;

  @Field(() => String, { nullable: true, description: "Why it waits, how it ended, or what went wrong; the engine's own words where there are any." })
  @Property({ type: 'text', nullable: true })
  stateReason: string | null = null;

  @Property({ type: 'text', nullable: true })
  clientToken: string | null = null;

  /** What the same client token must come with again. */
  @Property({ type: 'text' })
  requestHash!: string;

  /** What is still to be done outside the database; null: nothing. */
  @Property({ type: 'text', nullable: true })
  errand: JobErrand | null = null;

  /** The process that is at it. */
  @Property({ type: 'uuid', nullable: true })
  worker: string | null = null;

  /** How often the errand has failed, and when it may be tried again. */
  @Property({ type: 'integer' })
  tries = 0;

  @Property({ type: 'datetime' })
  notBefore!: Date;

  /** How often the engine has lost this run before it was begun. */
  @Property({ type: 'integer' })
  losses = 0;

  /** The engine's job of this run has this id; every start of a notebook has another one. */
  @Property({ type: 'uuid' })
  runId!: string;

  /** What the engine is asked for, the same with every repetition; null until the files of this run are staged, and then the engine may have heard of it. */
  @Property({ type: 'json', columnType: 'json', nullable: true, lazy: true })
  launch: JobLaunch | null = null;

  @Property({ type: 'boolean' })
  isStaged = false;

  @Property({ type: 'integer' })
  tasks = 1;

  /** The engine's own number of it; null until it was heard. */
  @Property({ type: 'text', nullable: true })
  engineId: string | null = null;

  /** The machine of the engine that it runs on, as others reach it. */
  @Property({ type: 'text', nullable: true })
  host: string | null = null;

  @Field(() => Int, { nullable: true, description: 'With which its program ended: the first of its tasks that is not 0; null when it has not, or was ended by a signal.' })
  @Property({ type: 'integer', nullable: true })
  exitCode: number | null = null;

  /** When its owner deleted it; it goes when nothing of it is left. */
  @Property({ type: 'datetime', nullable: true })
  deletedAt: Date | null = null;

  @Field(() => Date, { description: 'When it was asked for.' })
  @Property({ type: 'datetime' })
  createdAt!: Date;

  @Field(() => Date, { nullable: true, description: 'When its program was started, last; null when it never was.' })
  @Property({ type: 'datetime', nullable: true })
  startedAt: Date | null = null;

  @Field(() => Date, { nullable: true, description: 'When it ended; null as long as it has not.' })
  @Property({ type: 'datetime', nullable: true })
  endedAt: Date | null = null;

  @Field(() => UserReference, { nullable: true, description: 'Whose it is; null only when machines does not answer.' })
  get owner(): UserReference {
    return { id: this.ownerId };
  }
}
