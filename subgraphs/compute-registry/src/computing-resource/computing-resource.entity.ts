import { Entity, PrimaryKey, Property } from '@mikro-orm/decorators/legacy';
import { Directive, Field, Float, ID, Int, ObjectType } from 'type-graphql';

/** What active reservations hold of a resource that its last report cannot know of. */
@ObjectType({ simpleResolvers: true, description: 'What reservations hold of a resource that its last report cannot know of yet.' })
export class Reserved {
  @Field(() => Int, { description: 'CPUs held.' })
  cpu!: number;

  @Field(() => Int, { description: 'GPUs held.' })
  gpu!: number;
}

/** The last state of a computing resource, as its provider reported it. */
@Directive('@key(fields: "id")')
@ObjectType({
  simpleResolvers: true,
  description: 'A computing resource in the state its provider reported last (contract interconnect, POST computing_resources). Known by identifier, addresses and GPU model; a later report keeps its id.',
})
@Entity({ tableName: 'computing_resource' })
export class ComputingResource {
  @Field(() => ID, { description: 'A number from 1 to 2147483647.' })
  @PrimaryKey({ type: 'integer' })
  id!: number;

  @Property({ type: 'integer' })
  identifierId!: number;

  @Property({ type: 'integer' })
  groupId!: number;

  @Property({ type: 'integer' })
  gpuModelId!: number;

  @Property({ type: 'uuid' })
  addressKey!: string;

  @Field(() => Int, { description: 'Power consumption in W.' })
  @Property({ type: 'integer' })
  powerConsumption!: number;

  @Field(() => Int, { description: 'CPU performance, in the provider\'s measure.' })
  @Property({ type: 'integer' })
  cpuPerformance!: number;

  @Field(() => Int, { description: 'CPUs free, as reported; reservations made since are told by `reserved`.' })
  @Property({ type: 'integer' })
  cpuAvailable!: number;

  @Field(() => String, { description: 'GPU model as reported, up to 255 characters.' })
  gpuModel!: string;

  @Field(() => Int, { description: 'GPU performance, in the provider\'s measure.' })
  @Property({ type: 'integer' })
  gpuPerformance!: number;

  @Field(() => Int, { description: 'Memory of one GPU in GB.' })
  @Property({ type: 'integer' })
  gpuMemory!: number;

  @Field(() => Int, { description: 'GPUs free, as reported; reservations made since are told by `reserved`.' })
  @Property({ type: 'integer' })
  gpuAvailable!: number;

  @Field(() => Float, { description: 'Network delay in ms.' })
  @Property({ type: 'double' })
  networkDelayMs!: number;

  @Field(() => Int, { description: 'Network performance in Mbps.' })
  @Property({ type: 'integer' })
  networkPerformance!: number;

  @Field(() => Boolean, { description: 'Whether it is on the dedicated network (network_isixp of the contract).' })
  @Property({ type: 'boolean' })
  networkIsIxp!: boolean;

  @Field(() => String, { description: 'Its addresses, IPv4 or IPv6, separated by commas, as sent; may be empty.' })
  @Property({ type: 'text' })
  networkIps!: string;

  @Field(() => String, { description: 'Free network capacity, as sent; may be empty.' })
  @Property({ type: 'text' })
  networkAvailable!: string;

  @Field(() => String, { description: 'Its free addresses, separated by commas, as sent; may be empty.' })
  @Property({ type: 'text' })
  networkIpsAvailable!: string;

  @Field(() => String, { description: 'Its ports or port ranges, separated by commas, as sent (`80,443,8000-8010`); may be empty.' })
  @Property({ type: 'text' })
  networkPorts!: string;

  @Field(() => Int, { nullable: true, description: 'Unit price; null when the provider does not say it.' })
  @Property({ type: 'integer', nullable: true })
  price!: number | null;

  @Field(() => Date, { description: 'When the state was measured: as the report says, else the arrival less a set time (60 s by default).' })
  @Property({ type: 'datetime' })
  observedAt!: Date;

  @Field(() => Date, { description: 'When the last report arrived.' })
  @Property({ type: 'datetime' })
  reportedAt!: Date;

  @Field(() => Boolean, { description: 'Whether the last report is older than the stale time (15 min by default). A stale resource is listed, but never offered or reserved.' })
  stale!: boolean;

  @Field(() => Reserved, { description: 'What reservations hold of it since the state was measured. Free is what is available less this.' })
  reserved!: Reserved;
}
