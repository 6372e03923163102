import { Field, Float, Int, ObjectType } from 'type-graphql';

@ObjectType({ simpleResolvers: true, description: 'An amount of compute.' })
export class EngineCapacity {
  @Field(() => Int, { description: 'Processors.' })
  cpus!: number;

  @Field(() => Float, { description: 'Memory in bytes.' })
  memoryBytes!: number;

  @Field(() => Int, { description: 'GPUs of any kind.' })
  gpus!: number;
}

@ObjectType({ simpleResolvers: true, description: 'The engine that notebooks and trainings run on.' })
export class EngineStatus {
  @Field(() => String, { description: '`local`, `slurm` or `none`.' })
  driver!: string;

  @Field(() => Boolean, { description: 'Whether jobs can run now, as far as can be told without running one.' })
  ready!: boolean;

  @Field(() => String, { nullable: true, description: 'What is wrong and what to do about it, in one line; null when all is well.' })
  message!: string | null;

  @Field(() => Boolean, { description: 'Whether a job is kept from the files and processes of others; without it only administrators may run any, unless a setting says otherwise.' })
  isolated!: boolean;

  @Field(() => EngineCapacity, { description: 'What all jobs may use together.' })
  total!: EngineCapacity;

  @Field(() => EngineCapacity, { description: 'What running jobs leave of it.' })
  free!: EngineCapacity;
}
