import { connectionOf } from '@hutong/common';
import { Field, Float, ID, Int, ObjectType, registerEnumType } from 'type-graphql';
import { ComputingResource } from './computing-resource.entity.js';

/** What resources can be ordered by. */
export enum MatchOrder {
  PRICE = 'PRICE',
  FREE_GPU = 'FREE_GPU',
  FREE_CPU = 'FREE_CPU',
  NETWORK_DELAY = 'NETWORK_DELAY',
  PERFORMANCE = 'PERFORMANCE',
  POWER = 'POWER',
}

registerEnumType(MatchOrder, {
  name: 'MatchOrder',
  description: 'What resources are ordered by, best first. Ties are broken by the order that holds when nothing is said: PRICE, FREE_GPU, FREE_CPU, NETWORK_DELAY, id.',
  valuesConfig: {
    PRICE: { description: 'Cheapest first; a resource without a price comes last.' },
    FREE_GPU: { description: 'Most free GPUs first.' },
    FREE_CPU: { description: 'Most free CPUs first.' },
    NETWORK_DELAY: { description: 'Shortest delay first.' },
    PERFORMANCE: { description: 'Highest GPU performance first, then highest CPU performance.' },
    POWER: { description: 'Lowest power consumption first.' },
  },
});

export const ResourceConnection = connectionOf('Resource', () => ComputingResource);

/** One report, as it stands in the history. */
@ObjectType({ simpleResolvers: true, description: 'One report of a resource, as it stands in the history. Model and identifier are the resource\'s own.' })
export class ComputingResourceReport {
  @Field(() => ID, { description: 'A number; later reports have larger ones.' })
  id!: string;

  @Field(() => Date, { description: 'When it was measured.' })
  observedAt!: Date;

  @Field(() => Date, { description: 'When it arrived.' })
  reportedAt!: Date;

  @Field(() => Int, { description: 'Power consumption in W.' })
  powerConsumption!: number;

  @Field(() => Int, { description: 'CPU performance.' })
  cpuPerformance!: number;

  @Field(() => Int, { description: 'CPUs free.' })
  cpuAvailable!: number;

  @Field(() => Int, { description: 'GPU performance.' })
  gpuPerformance!: number;

  @Field(() => Int, { description: 'Memory of one GPU in GB.' })
  gpuMemory!: number;

  @Field(() => Int, { description: 'GPUs free.' })
  gpuAvailable!: number;

  @Field(() => Float, { description: 'Network delay in ms.' })
  networkDelayMs!: number;

  @Field(() => Int, { description: 'Network performance in Mbps.' })
  networkPerformance!: number;

  @Field(() => Boolean, { description: 'Whether it was on the dedicated network.' })
  networkIsIxp!: boolean;

  @Field(() => String, { description: 'Addresses, as sent.' })
  networkIps!: string;

  @Field(() => String, { description: 'Free network capacity, as sent.' })
  networkAvailable!: string;

  @Field(() => String, { description: 'Free addresses, as sent.' })
  networkIpsAvailable!: string;

  @Field(() => String, { description: 'Ports, as sent.' })
  networkPorts!: string;

  @Field(() => Int, { nullable: true, description: 'Unit price; null when not said.' })
  price!: number | null;
}

export const ReportConnection = connectionOf('Report', () => ComputingResourceReport);
