import { describedStates } from '@hutong/common';
import { Entity, PrimaryKey, Property } from '@mikro-orm/decorators/legacy';
import { Directive, Field, ID, Int, ObjectType, registerEnumType } from 'type-graphql';
import type { Errand, Expectation } from '../work/errand.js';
import { VIRTUAL_MACHINE_STATES, VirtualMachineState } from './virtual-machine.states.js';

registerEnumType(VirtualMachineState, {
  name: 'VirtualMachineState',
  description: 'Where a virtual machine stands.',
  valuesConfig: describedStates(VIRTUAL_MACHINE_STATES),
});

/** A port of the guest, and where it is reached. */
@ObjectType({ simpleResolvers: true, description: 'A port of the guest, and where it is reached.' })
export class VmEndpoint {
  @Field(() => Int, { description: 'The port inside the guest, for example 22.' })
  guestPort!: number;

  @Field(() => String, { description: 'The address to connect to.' })
  host!: string;

  @Field(() => Int, { description: 'The port to connect to.' })
  port!: number;
}

/** A virtual machine: what was asked for, where it stands, and the work that is still to be done about it. */
@Directive('@key(fields: "id")')
@ObjectType({ simpleResolvers: true, description: 'A virtual machine. Serves launch_instance and destroy_instance of cloud_api.' })
@Entity({ tableName: 'virtual_machine' })
export class VirtualMachine {
  @Field(() => ID, { description: 'A UUID, which everything made for the machine carries in the cloud; the legacy vm_id.' })
  @PrimaryKey({ type: 'uuid' })
  id!: string;

  @Property({ type: 'text' })
  ownerId!: string;

  @Field(() => String, { description: '1 to 255 characters; may repeat.' })
  @Property({ type: 'text' })
  name!: string;

  @Field(() => String, { description: 'Name of the image it was made of.' })
  @Property({ type: 'text' })
  image!: string;

  @Property({ type: 'text' })
  imageId!: string;

  @Field(() => String, { description: 'Name of its flavor.' })
  @Property({ type: 'text' })
  flavor!: string;

  @Property({ type: 'text' })
  flavorId!: string;

  @Field(() => Boolean, { description: 'Whether the guest may open connections to other machines.' })
  @Property({ type: 'boolean' })
  internetAccess!: boolean;

  @Field(() => VirtualMachineState, { description: 'Where the machine stands now.' })
  @Property({ type: 'text' })
  state!: VirtualMachineState;

  @Field(() => String, { nullable: true, description: "Why it is in ERROR, was DELETED behind our back, or did not do what was last asked of it; the cloud's own words where there are any." })
  @Property({ type: 'text', nullable: true })
  stateReason: string | null = null;

  @Field(() => String, { nullable: true, description: 'The address to reach it at; null until it has one, and once it is DELETED. The legacy vm_ip.' })
  @Property({ type: 'text', nullable: true })
  ipv4: string | null = null;

  @Field(() => [VmEndpoint], { description: 'Where ports of the guest are reached; empty when each is at `ipv4` under its own number.' })
  @Property({ type: 'json', columnType: 'json' })
  endpoints: VmEndpoint[] = [];

  @Property({ type: 'text', nullable: true })
  clientToken: string | null = null;

  /** What the same client token must come with again. */
  @Property({ type: 'text' })
  requestHash!: string;

  /** What is still to be asked of the cloud; null: nothing. */
  @Property({ type: 'text', nullable: true })
  errand: Errand | null = null;

  /** The process that runs the errand. */
  @Property({ type: 'uuid', nullable: true })
  worker: string | null = null;

  /** How often the errand has failed, and when it may be tried again. */
  @Property({ type: 'integer' })
  tries = 0;

  @Property({ type: 'datetime' })
  notBefore!: Date;

  /** The state that the cloud is to bring the machine to; null: it is where it should be. */
  @Property({ type: 'text', nullable: true })
  expected: Expectation | null = null;

  @Property({ type: 'datetime', nullable: true })
  expectedBy: Date | null = null;

  /** The process whose caller waits for the machine and has not taken it yet: when that process is gone, the machine is destroyed. */
  @Property({ type: 'uuid', nullable: true })
  awaitedBy: string | null = null;

  @Field(() => Date, { description: 'When it was asked for.' })
  @Property({ type: 'datetime' })
  createdAt!: Date;
}
