import { BigIntType } from '@mikro-orm/core';
import { Entity, Property } from '@mikro-orm/decorators/legacy';
import { Directive, Field, Float, Int, ObjectType } from 'type-graphql';
import { Job } from '../job/job.entity.js';

/** A model that answers requests. Its `engine` is the runtime that serves it. */
@Directive('@key(fields: "id")')
@ObjectType({ simpleResolvers: true, implements: Job, description: 'A model that recognises what is in pictures, for as long as it runs. Its `engine` is the runtime: `onnx`, or `oip` for a server of the site. Serves /ai_arts/api/inferences.' })
@Entity({ discriminatorValue: 'INFERENCE' })
export class InferenceService extends Job {
  @Property({ type: 'uuid' })
  modelFileSetId!: string;

  /** The path of the ONNX file in that set. */
  @Property({ type: 'text' })
  modelFile!: string;

  /** What an inference server of the site calls the model. */
  @Property({ type: 'text' })
  servedName!: string;

  @Field(() => Float, { description: 'Requests that it was asked while it ran, from the beginning, within some seconds.' })
  @Property({ type: new BigIntType('number') })
  requests = 0;

  @Field(() => Float, { description: 'How many of them were answered with an error.' })
  @Property({ type: new BigIntType('number') })
  failed = 0;

  @Field(() => Float, { nullable: true, description: 'Milliseconds from a picture to its answer: the mean of the last hundred or so; null when there was none.' })
  @Property({ type: 'double', nullable: true })
  latencyMs: number | null = null;

  @Field(() => Date, { nullable: true, description: 'When it was asked last, or became ready, within some seconds. One that nobody asks for INFERENCE_SLEEP_MINUTES sleeps.' })
  @Property({ type: 'datetime', nullable: true })
  lastRequestAt: Date | null = null;

  /** Whether it was stopped because nobody asked it; a request wakes it. */
  @Property({ type: 'boolean' })
  isAsleep = false;

  @Field(() => Int, { description: 'How often in a row its worker has died and was started again; 0 when it ran for ten minutes before it did. After INFERENCE_RESTARTS it stays FAILED.' })
  @Property({ type: 'integer' })
  restarts = 0;
}
