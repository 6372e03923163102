import { connectionOf } from '@hutong/common';
import { Field, Float, InputType, Int, ObjectType } from 'type-graphql';
import { CodeName } from '../code-name/code-name.entity.js';
import { ComputingIdentifier } from './computing-identifier.entity.js';

export const ComputingIdentifierConnection = connectionOf('Identifier', () => ComputingIdentifier);

@ObjectType({ simpleResolvers: true, description: 'What a computing identifier says, registered or not.' })
export class ParsedIdentifier {
  @Field(() => String, { description: 'The identifier that was parsed.' })
  value!: string;

  @Field(() => CodeName, { description: "The user's city." })
  city!: CodeName;

  @Field(() => CodeName, { description: 'The industry.' })
  industry!: CodeName;

  @Field(() => CodeName, { description: 'The provider.' })
  organization!: CodeName;

  @Field(() => CodeName, { description: 'The row of the resource catalogue.' })
  resourceType!: CodeName;

  @Field(() => CodeName, { description: 'The city of the data centre.' })
  region!: CodeName;

  @Field(() => CodeName, { description: 'The zone within the region.' })
  availabilityZone!: CodeName;

  @Field(() => CodeName, { description: 'The row of the service catalogue.' })
  serviceType!: CodeName;

  @Field(() => Float, { nullable: true, description: 'F: computing total in PFLOPS; null when not said.' })
  computeTotal!: number | null;

  @Field(() => Int, { nullable: true, description: 'S: storage total in TB; null when not said.' })
  storageTotal!: number | null;

  @Field(() => Int, { nullable: true, description: 'N: network total in Gbps; null when not said.' })
  networkTotal!: number | null;

  @Field(() => Int, { nullable: true, description: 'P: power in kW; null when not said.' })
  power!: number | null;
}

@InputType({ description: 'Computing identifiers to register.' })
export class RegisterComputingIdentifiersInput {
  @Field(() => [String], { description: '1 to 10,000 identifiers. Repeats, and identifiers registered before, are accepted.' })
  values!: string[];
}

@ObjectType({ simpleResolvers: true, description: 'What became of a batch of identifiers.' })
export class RegisterComputingIdentifiersPayload {
  @Field(() => Int, { description: 'How many distinct identifiers are new.' })
  registered!: number;

  @Field(() => Int, { description: 'How many distinct identifiers were known already.' })
  known!: number;
}
