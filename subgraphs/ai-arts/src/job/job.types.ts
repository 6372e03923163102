import { Field, ID, ObjectType } from 'type-graphql';
import { JobState } from './job.states.js';

/** Something that happened to a job; the job is loaded when asked for. */
@ObjectType({ simpleResolvers: true, description: 'A notebook, training or inference service entered a state.' })
export class JobEvent {
  @Field(() => ID, { description: 'Opaque; pass it as `after` to be told what came behind it.' })
  id!: string;

  @Field(() => Date, { description: 'When it happened.' })
  at!: Date;

  @Field(() => JobState, { description: 'The state the job entered then.' })
  state!: JobState;

  jobId!: string;
}
