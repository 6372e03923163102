import { createParameterDecorator, Field, Float, InputType, Int, ObjectType } from 'type-graphql';

@InputType({ description: 'The state of one computing resource (contract interconnect, POST computing_resources). Integers are 0 to 2147483647.' })
export class ComputingResourceReportInput {
  @Field(() => String, { description: 'The computing identifier it belongs to; must be registered.' })
  identifier!: string;

  @Field(() => Int, { description: 'Power consumption in W.' })
  powerConsumption!: number;

  @Field(() => Int, { description: 'CPU performance.' })
  cpuPerformance!: number;

  @Field(() => Int, { description: 'CPUs free.' })
  cpuAvailable!: number;

  @Field(() => String, { description: 'GPU model, up to 255 characters.' })
  gpuModel!: string;

  @Field(() => Int, { description: 'GPU performance.' })
  gpuPerformance!: number;

  @Field(() => Int, { description: 'Memory of one GPU in GB.' })
  gpuMemory!: number;

  @Field(() => Int, { description: 'GPUs free.' })
  gpuAvailable!: number;

  @Field(() => Float, { description: 'Network delay in ms, 0 to 2147483647.' })
  networkDelayMs!: number;

  @Field(() => Int, { description: 'Network performance in Mbps.' })
  networkPerformance!: number;

  @Field(() => Boolean, { description: 'Whether it is on the dedicated network.' })
  networkIsIxp!: boolean;

  @Field(() => String, { description: 'IPv4 or IPv6 addresses separated by commas; may be empty. Their set, with identifier and model, says which resource this is.' })
  networkIps!: string;

  @Field(() => String, { description: 'Free network capacity in the provider\'s own words; may be empty.' })
  networkAvailable!: string;

  @Field(() => String, { description: 'Free addresses separated by commas; may be empty.' })
  networkIpsAvailable!: string;

  @Field(() => String, { description: 'Ports or port ranges separated by commas (`80,443,8000-8010`); may be empty.' })
  networkPorts!: string;

  @Field(() => Int, { nullable: true, description: 'Unit price; null or absent when there is none.' })
  price?: number | null;

  @Field(() => Date, { nullable: true, description: 'When this was measured; absent: the arrival less a set time. At most a minute ahead of our clock, and then taken for the arrival.' })
  observedAt?: Date | null;
}

@InputType({ description: 'Reports of computing resources.' })
export class ReportComputingResourcesInput {
  @Field(() => [ComputingResourceReportInput], { description: '1 to 10,000 reports. The last one of a resource is its state; all of them go into its history.' })
  reports!: ComputingResourceReportInput[];
}

/**
 * The `input` of a bulk report as GraphQL coerced it, without making an instance of a class for each of 10,000 reports.
 */
export const ReportsInput = (): ParameterDecorator =>
  createParameterDecorator(({ args }) => (args as { input: ReportComputingResourcesInput }).input, {
    arg: { name: 'input', typeFunc: () => ReportComputingResourcesInput, options: { description: 'The reports.' } },
  }) as ParameterDecorator;

@ObjectType({ simpleResolvers: true, description: 'What became of a batch of reports.' })
export class ReportComputingResourcesPayload {
  @Field(() => Int, { description: 'How many resources were reported for the first time.' })
  created!: number;

  @Field(() => Int, { description: 'How many known resources have a new state.' })
  updated!: number;

  @Field(() => Int, { description: 'How many resources keep their state, because they were measured later than this report says; it is in their history only.' })
  late!: number;

  @Field(() => Date, { description: 'When the reports arrived.' })
  reportedAt!: Date;
}
