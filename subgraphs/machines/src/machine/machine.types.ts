import { connectionOf } from '@hutong/common';
import { Directive, Field, Float, ID, InputType, Int, ObjectType, registerEnumType } from 'type-graphql';

/** Whether a machine runs. */
export const MachineStatus = { RUNNING: 'RUNNING', STOPPED: 'STOPPED' } as const;
export type MachineStatus = (typeof MachineStatus)[keyof typeof MachineStatus];

registerEnumType(MachineStatus, {
  name: 'MachineStatus',
  description: 'Whether a machine runs.',
  valuesConfig: { RUNNING: { description: 'It runs.' }, STOPPED: { description: 'It is switched off.' } },
});

@Directive('@key(fields: "id")')
@ObjectType({ simpleResolvers: true, description: 'A machine of the inventory, seen by those it is granted to and by admins.' })
export class Machine {
  @Field(() => ID, { description: 'Decimal integer, 0 to 2,147,483,647.' })
  id!: number;

  @Field(() => String, { nullable: true, description: 'A short name, 1 to 255 characters.' })
  name!: string | null;

  @Field(() => Int, { description: 'CPU cores.' })
  cpus!: number;

  @Field(() => MachineStatus, { description: 'Whether it runs.' })
  status!: MachineStatus;

  @Field(() => Float, { description: 'Memory in bytes, an integer below 2^53.' })
  memoryBytes!: number;

  @Field(() => String, { description: 'Kind of its GPU, at most 255 characters; may be empty.' })
  gpu!: string;

  @Field(() => String, { description: 'IPv4 address.' })
  ip!: string;

  @Field(() => Float, { nullable: true, description: 'Disk in bytes, an integer below 2^53.' })
  maxDiskBytes!: number | null;

  @Field(() => Object, { description: 'Whatever else its record says: a JSON object, in the order it was sent.' })
  attributes!: Record<string, unknown>;
}

export const MachineConnection = connectionOf('Machine', () => Machine);

@ObjectType({ simpleResolvers: true, description: 'A machine was added or changed.' })
export class MachineEvent {
  @Field(() => ID, { description: 'The event’s id: pass it as `after` to go on behind it.' })
  id!: string;

  @Field(() => Date, { description: 'When it happened.' })
  at!: Date;

  @Field(() => MachineStatus, { description: 'The machine’s status as it was then.' })
  state!: MachineStatus;

  @Field(() => Machine, { description: 'The machine as it is now.' })
  machine!: Machine;
}

@InputType({ description: 'Which machines to list; all conditions hold at once.' })
export class MachineFilter {
  @Field(() => MachineStatus, { nullable: true, description: 'Only running, or only stopped ones.' })
  status?: MachineStatus | null;

  @Field(() => String, { nullable: true, description: 'A part of the GPU’s name, whatever the capitals.' })
  gpu?: string | null;

  @Field(() => String, { nullable: true, description: 'A part of the machine’s name, whatever the capitals.' })
  name?: string | null;

  @Field(() => String, { nullable: true, description: 'The IPv4 address, exactly.' })
  ip?: string | null;
}

@InputType({ description: 'A machine as it is to be: the whole record, of which nothing earlier is kept but its grants.' })
export class MachineInput {
  @Field(() => ID, { description: 'Decimal integer, 0 to 2,147,483,647: an existing machine is replaced, another one added.' })
  id!: string;

  @Field(() => String, { nullable: true, description: '1 to 255 characters.' })
  name?: string | null;

  @Field(() => Int, { description: 'CPU cores, 0 or more.' })
  cpus!: number;

  @Field(() => MachineStatus, { description: 'Whether it runs.' })
  status!: MachineStatus;

  @Field(() => Float, { description: 'Memory in bytes, an integer from 0 to 2^53 - 1.' })
  memoryBytes!: number;

  @Field(() => String, { description: 'Kind of GPU, at most 255 characters.' })
  gpu!: string;

  @Field(() => String, { description: 'IPv4 address.' })
  ip!: string;

  @Field(() => Float, { nullable: true, description: 'Disk in bytes, an integer from 0 to 2^53 - 1.' })
  maxDiskBytes?: number | null;

  @Field(() => Object, { nullable: true, description: 'Anything else: a JSON object of at most 64 KiB; its order is kept.' })
  attributes?: Record<string, unknown> | null;
}

@InputType({ description: 'Machines to add or replace.' })
export class SaveMachinesInput {
  @Field(() => [MachineInput], { description: '1 to 1,000 machines, each id once; stored whole or not at all.' })
  machines!: MachineInput[];
}

@InputType({ description: 'Who may see a machine from now on, or no longer.' })
export class GrantMachineInput {
  @Field(() => ID, { description: 'Which machine.' })
  machineId!: string;

  @Field(() => ID, { nullable: true, description: 'One user; give either this or everyone.' })
  userId?: string | null;

  @Field(() => Boolean, { nullable: true, description: 'True: every signed-in user.' })
  everyone?: boolean | null;

  @Field(() => Boolean, { nullable: true, description: 'True: take the grant back.' })
  revoke?: boolean | null;
}
