import { Field, Int, ObjectType } from 'type-graphql';
import { ComputingResource } from '../computing-resource/computing-resource.entity.js';

@ObjectType({ simpleResolvers: true, description: 'What one requirement costs.' })
export class RequirementEffect {
  @Field(() => String, { description: 'The requirement, by its name in the input: `region`, `minGpuAvailable`.' })
  requirement!: string;

  @Field(() => Int, { description: 'How many fresh resources meet every other requirement and fail this one alone.' })
  excludedAlone!: number;
}

@ObjectType({ simpleResolvers: true, description: 'The resources that meet requirements, best first.' })
export class ResourceMatch {
  @Field(() => Int, { description: 'How many match in all.' })
  totalCount!: number;

  @Field(() => [ComputingResource], { description: 'The best of them: cheapest first (no price last), then most free GPUs, most free CPUs, shortest delay, lowest id; or as orderBy says, with that as tie-break.' })
  resources!: ComputingResource[];

  @Field(() => [RequirementEffect], { description: 'What each requirement rules out, in the order of the input; empty unless asked for with `explain`.' })
  explanation!: RequirementEffect[];

  @Field(() => [String], { description: 'When nothing matches and `explain` is set: what is nearest, in sentences such as `no RTX 4090 in 北京; 12 in 上海`. Else empty.' })
  alternatives!: string[];
}
