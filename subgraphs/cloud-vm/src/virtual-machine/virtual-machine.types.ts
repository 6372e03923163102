import { connectionOf } from '@hutong/common';
import { Field, ID, InputType, Int, ObjectType } from 'type-graphql';
import { VirtualMachine } from './virtual-machine.entity.js';
import { VirtualMachineState } from './virtual-machine.states.js';

export const VirtualMachineConnection = connectionOf('VirtualMachine', () => VirtualMachine);

@InputType({ description: 'A virtual machine to be launched.' })
export class LaunchVirtualMachineInput {
  @Field(() => String, { description: 'Name or id of one of `vmImages`.' })
  image!: string;

  @Field(() => String, { description: 'Name or id of one of `vmFlavors`.' })
  flavor!: string;

  @Field(() => Boolean, { nullable: true, description: 'Required: whether the guest may open connections to other machines. Looked at after image and flavor, in the order of the contract.' })
  internetAccess?: boolean | null;

  @Field(() => String, { description: '1 to 255 characters; may repeat.' })
  name!: string;

  @Field(() => Int, { nullable: true, description: 'So many seconds, 0 to 600, the answer waits for the machine to leave BUILD; by default 0. The machine is answered as it is then.' })
  waitSeconds?: number | null;

  @Field(() => Boolean, { nullable: true, description: 'True: a machine that is not ACTIVE when the wait is over, or when the caller hangs up before, is destroyed, and the answer is VM_CREATION_FAILED.' })
  destroyUnlessActive?: boolean | null;

  @Field(() => String, { nullable: true, description: '1 to 255 characters. The same token of the same user again answers the same machine; with another input it is a CONFLICT.' })
  clientToken?: string | null;
}

@InputType({ description: 'A machine whose disk is to become an image.' })
export class SnapshotVirtualMachineInput {
  @Field(() => ID, { description: 'The machine; ACTIVE or SHUTOFF.' })
  id!: string;

  @Field(() => String, { description: "The image's name, 1 to 255 characters; may repeat." })
  name!: string;
}

@InputType({ description: 'Which machines to list; what is left out does not filter.' })
export class VirtualMachineFilter {
  @Field(() => VirtualMachineState, { nullable: true, description: 'Only machines in this state; by default all but those that are DELETED.' })
  state?: VirtualMachineState | null;

  @Field(() => String, { nullable: true, description: 'Only machines of exactly this name.' })
  name?: string | null;

  @Field(() => ID, { nullable: true, description: 'Only machines of this user; others than an admin see their own only.' })
  owner?: string | null;
}

/** Something that happened to a machine; the machine is loaded when asked for. */
@ObjectType({ simpleResolvers: true, description: 'A virtual machine entered a state.' })
export class VirtualMachineEvent {
  @Field(() => ID, { description: 'Opaque; pass it as `after` to be told what came behind it.' })
  id!: string;

  @Field(() => Date, { description: 'When it happened.' })
  at!: Date;

  @Field(() => VirtualMachineState, { description: 'The state the machine entered then.' })
  state!: VirtualMachineState;

  virtualMachineId!: string;
}
