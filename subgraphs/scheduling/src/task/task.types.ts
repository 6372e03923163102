import { connectionOf } from '@hutong/common';
import { Field, ID, InputType, ObjectType } from 'type-graphql';
import { Task } from './task.entity.js';
import { TaskState } from './task.states.js';

export const TaskConnection = connectionOf('Task', () => Task);

@InputType({ description: 'What is to be computed.' })
export class SubmitTaskInput {
  @Field(() => Object, {
    description:
      'Any JSON object, kept whole: at most 256 KiB and 32 levels. Known keys filter: resource_type, service_type, region, organization, industry, availability_zone (a code or name, or a list), gpu_model (part of the name, any case), at least cpu_performance, cpu_available, gpu_performance, gpu_memory (GB), gpu_available, network_performance (Mbps), at most price, network_delay ("5ms" or ms), power_consumption (W), network_isixp (true or false), and order_by (price, free_gpu, free_cpu, network_delay, performance, power; one or a list). `{}` matches every fresh resource. Where the template is `{ source, session_identifier, data }`, these keys stand in `data`.',
  })
  template!: unknown;

  @Field(() => String, { nullable: true, description: 'Where the task comes from, at most 255 characters; by default the template\'s `source`.' })
  source?: string | null;

  @Field(() => String, { nullable: true, description: "The session it belongs to, at most 255 characters; by default the template's `session_identifier`." })
  sessionIdentifier?: string | null;

  @Field(() => String, {
    nullable: true,
    description: 'At most 255 characters. The same token of the same user again answers the same task; with another input it is a CONFLICT.',
  })
  clientToken?: string | null;
}

@InputType({ description: 'A user\'s answer to an offer.' })
export class ChooseTaskPathInput {
  @Field(() => ID, { description: 'The task.' })
  taskId!: string;

  @Field(() => ID, { description: "One of the task's offered resources." })
  computingResourceId!: string;

  @Field(() => Boolean, { description: 'True takes the resource for the task, false refuses it.' })
  accept!: boolean;
}

@InputType({ description: 'Which tasks to list; what is left out does not filter.' })
export class TaskFilter {
  @Field(() => TaskState, { nullable: true, description: 'Only tasks in this state.' })
  state?: TaskState | null;

  @Field(() => String, { nullable: true, description: 'Only tasks from this source.' })
  source?: string | null;

  @Field(() => String, { nullable: true, description: 'Only tasks of this session.' })
  sessionIdentifier?: string | null;

  @Field(() => ID, { nullable: true, description: 'Only tasks of this user; others than an admin see their own only.' })
  owner?: string | null;
}

/** Something that happened to a task; its task is loaded when asked for. */
@ObjectType({ simpleResolvers: true, description: 'A task entered a state.' })
export class TaskEvent {
  @Field(() => ID, { description: 'Opaque; pass it as `after` to be told what came behind it.' })
  id!: string;

  @Field(() => Date, { description: 'When it happened.' })
  at!: Date;

  @Field(() => TaskState, { description: 'The state the task entered then.' })
  state!: TaskState;

  taskId!: number;
}
