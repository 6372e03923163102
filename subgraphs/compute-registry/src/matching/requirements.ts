import { badInput } from '@hutong/common';
import { Field, Float, InputType, Int } from 'type-graphql';
import type { Condition } from '../computing-resource/resource-conditions.js';
import { MatchOrder } from '../computing-resource/computing-resource.types.js';
import type { Parameters } from '../database/prepared-reads.js';

const CODES = 'codes or names, one is enough';

@InputType({
  description:
    'What resources must meet, all of it; members that are absent or null require nothing, `{}` matches every fresh resource (contract interconnect, query_computing_resources_by_task_template). Integers are 0 to 2147483647.',
})
export class Requirements {
  @Field(() => [String], { nullable: true, description: `Resource types: ${CODES}.` })
  resourceType?: string[] | null;

  @Field(() => [String], { nullable: true, description: `Service types: ${CODES}.` })
  serviceType?: string[] | null;

  @Field(() => [String], { nullable: true, description: `Cities of the data centre, with or without 市: ${CODES}.` })
  region?: string[] | null;

  @Field(() => [String], { nullable: true, description: `Providers: ${CODES}.` })
  organization?: string[] | null;

  @Field(() => [String], { nullable: true, description: `Industries: ${CODES}.` })
  industry?: string[] | null;

  @Field(() => [String], { nullable: true, description: `Zones: ${CODES}.` })
  availabilityZone?: string[] | null;

  @Field(() => String, { nullable: true, description: 'Part of the GPU model, in any case.' })
  gpuModel?: string | null;

  @Field(() => Int, { nullable: true, description: 'Lowest CPU performance.' })
  minCpuPerformance?: number | null;

  @Field(() => Int, { nullable: true, description: 'CPUs that must be free: available in the last report, less reservations made since.' })
  minCpuAvailable?: number | null;

  @Field(() => Int, { nullable: true, description: 'Lowest GPU performance.' })
  minGpuPerformance?: number | null;

  @Field(() => Int, { nullable: true, description: 'Lowest memory of one GPU, GB.' })
  minGpuMemory?: number | null;

  @Field(() => Int, { nullable: true, description: 'GPUs that must be free: available in the last report, less reservations made since.' })
  minGpuAvailable?: number | null;

  @Field(() => Int, { nullable: true, description: 'Lowest network performance, Mbps.' })
  minNetworkPerformance?: number | null;

  @Field(() => Int, { nullable: true, description: 'Highest price; a resource without a price does not meet it.' })
  maxPrice?: number | null;

  @Field(() => Float, { nullable: true, description: 'Longest network delay, ms.' })
  maxNetworkDelayMs?: number | null;

  @Field(() => Int, { nullable: true, description: 'Highest power consumption, W.' })
  maxPowerConsumption?: number | null;

  @Field(() => Boolean, { nullable: true, description: 'Whether it must, or must not, be on the dedicated network.' })
  networkIsIxp?: boolean | null;

  @Field(() => [MatchOrder], { nullable: true, description: 'What the best is; without it PRICE, FREE_GPU, FREE_CPU, NETWORK_DELAY.' })
  orderBy?: MatchOrder[] | null;
}

/** A requirement on the state of a resource. All of the columns stand in the covering indexes. */
export interface Measure {
  column: string;
  operator: '>=' | '<=' | '=';
  /** For a sentence: `at least 8 free GPUs`. */
  phrase: (value: number | boolean) => string;
}

/** The requirements that are measured, in the order they are explained. */
export const MEASURES = {
  minCpuPerformance: { column: 'cpu_performance', operator: '>=', phrase: (value) => `CPU performance of at least ${value}` },
  minCpuAvailable: { column: 'cpu_free', operator: '>=', phrase: (value) => `at least ${value} free CPUs` },
  minGpuPerformance: { column: 'gpu_performance', operator: '>=', phrase: (value) => `GPU performance of at least ${value}` },
  minGpuMemory: { column: 'gpu_memory', operator: '>=', phrase: (value) => `at least ${value} GB of GPU memory` },
  minGpuAvailable: { column: 'gpu_free', operator: '>=', phrase: (value) => `at least ${value} free GPUs` },
  minNetworkPerformance: { column: 'network_performance', operator: '>=', phrase: (value) => `at least ${value} Mbps` },
  maxPrice: { column: 'price', operator: '<=', phrase: (value) => `a price of at most ${value}` },
  maxNetworkDelayMs: { column: 'network_delay_ms', operator: '<=', phrase: (value) => `a network delay of at most ${value} ms` },
  maxPowerConsumption: { column: 'power_consumption', operator: '<=', phrase: (value) => `power consumption of at most ${value} W` },
  networkIsIxp: { column: 'network_is_ixp', operator: '=', phrase: (value) => (value ? 'the dedicated network' : 'no dedicated network') },
} as const satisfies Partial<Record<keyof Requirements, Measure>>;

export type MeasureName = keyof typeof MEASURES;

/** The measured requirements that are given, in the order of the table. */
export function measuresOf(requirements: Requirements): [MeasureName, number | boolean][] {
  const given = (Object.keys(MEASURES) as MeasureName[]).map((name) => [name, requirements[name]] as const);
  return given.filter((entry): entry is [MeasureName, number | boolean] => entry[1] != null);
}

/** Their conditions on a resource. @throws BAD_INPUT for a negative number */
export function measureConditions(requirements: Requirements, parameters: Parameters): Condition[] {
  return measuresOf(requirements).map(([name, value]) => {
    if (typeof value === 'number' && !(value >= 0)) throw badInput({ field: `requirements.${name}`, problem: `expected a number ≥ 0, got ${value}` });
    const { column, operator } = MEASURES[name];
    return { requirement: name, sql: `${column} ${operator} ${parameters.add(value)}` };
  });
}
