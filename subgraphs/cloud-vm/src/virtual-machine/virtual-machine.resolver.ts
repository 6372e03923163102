import { Access, UserReference, type Connection, type StoredEvent } from '@hutong/common';
import { Arg, Ctx, Directive, FieldResolver, ID, Int, Mutation, Query, Resolver, Root, Subscription } from 'type-graphql';
import { VmImage } from '../cloud/cloud.types.js';
import type { CloudVmContext } from '../services.js';
import { VirtualMachine } from './virtual-machine.entity.js';
import type { VirtualMachineChange } from './virtual-machine.events.js';
import { loadVirtualMachine, visibleMachine } from './virtual-machine.reference.js';
import { LaunchVirtualMachineInput, SnapshotVirtualMachineInput, VirtualMachineConnection, VirtualMachineEvent, VirtualMachineFilter } from './virtual-machine.types.js';

@Resolver(() => VirtualMachine)
export class VirtualMachineResolver {
  @Access('member')
  @Query(() => VirtualMachine, { nullable: true, description: "One virtual machine; null when there is none of this id or it is somebody else's." })
  virtualMachine(@Ctx() context: CloudVmContext, @Arg('id', () => ID, { description: 'Of the machine.' }) id: string): Promise<VirtualMachine | null> {
    return loadVirtualMachine(context, id);
  }

  @Access('member')
  @Query(() => VirtualMachineConnection, { description: "The caller's virtual machines, an admin's: everybody's; newest first, without those that are DELETED unless asked for. Errors: BAD_INPUT, LIMIT_EXCEEDED." })
  virtualMachines(
    @Ctx() context: CloudVmContext,
    @Arg('filter', () => VirtualMachineFilter, { nullable: true, description: 'Only machines that meet all of it.' }) filter?: VirtualMachineFilter | null,
    @Arg('first', () => Int, { nullable: true, description: 'Rows to answer, 20 by default, 100 at most.' }) first?: number | null,
    @Arg('after', () => String, { nullable: true, description: 'The cursor of the last row seen.' }) after?: string | null,
  ): Promise<Connection<VirtualMachine>> {
    return context.services.machines.list(context, filter ?? {}, { first: first ?? null, after: after ?? null });
  }

  @Access('peer')
  @Directive('@shareable')
  @Directive('@inaccessible')
  @Query(() => Boolean, { description: 'Whether a user has virtual machines that are not DELETED, which a user who is to be deleted must not have.' })
  ownsRunningThings(@Ctx() { services, em }: CloudVmContext, @Arg('userId', () => ID, { description: 'The user who is to be deleted.' }) userId: string): Promise<boolean> {
    return services.machines.ownsAnything(em, userId);
  }

  @Access('member')
  @Mutation(() => VirtualMachine, {
    description:
      'Has a virtual machine launched. It is in BUILD at once, waits for its turn (users take turns), and becomes ACTIVE with its address, or ERROR with the reason and nothing left of it; `virtualMachineChanged` tells, `waitSeconds` waits. A clientToken makes it safe to repeat. Serves launch_instance of cloud_api. Errors, in this order: BAD_INPUT, LIMIT_EXCEEDED, CONFLICT, CLOUD_NOT_CONFIGURED, VM_IMAGE_NOT_FOUND, VM_IMAGE_AMBIGUOUS, VM_FLAVOR_NOT_FOUND, VM_FLAVOR_AMBIGUOUS, CLOUD_MISCONFIGURED, CLOUD_UNAVAILABLE, VM_INTERNET_ACCESS_INVALID, VM_QUOTA_EXCEEDED, VM_CREATION_FAILED.',
  })
  launchVirtualMachine(@Ctx() context: CloudVmContext, @Arg('input', () => LaunchVirtualMachineInput, { description: 'What the machine is made of, and whether the answer waits for it.' }) input: LaunchVirtualMachineInput): Promise<VirtualMachine> {
    return context.services.machines.launch(context, input);
  }

  @Access('member')
  @Mutation(() => VirtualMachine, {
    description:
      'Has a virtual machine destroyed and everything it held released, whatever its state; one that still waits for its turn is cancelled. DELETING at once, DELETED when nothing is left; repeated meanwhile it answers the same. Serves destroy_instance of cloud_api. Errors: BAD_INPUT, LIMIT_EXCEEDED, VM_NOT_FOUND, for one that is DELETED as well.',
  })
  destroyVirtualMachine(
    @Ctx() context: CloudVmContext,
    @Arg('id', () => ID, { description: 'Of the machine.' }) id: string,
    @Arg('waitSeconds', () => Int, { nullable: true, description: 'So many seconds, 0 to 600, the answer waits for the machine to be DELETED; by default 0.' }) waitSeconds?: number | null,
  ): Promise<VirtualMachine> {
    return context.services.machines.destroy(context, id, waitSeconds);
  }

  @Access('member')
  @Mutation(() => VirtualMachine, { description: 'Has a machine that is SHUTOFF started; ACTIVE soon after. Nothing happens to one that is ACTIVE. Errors: VM_NOT_FOUND, VM_STATE_CONFLICT, CLOUD_NOT_CONFIGURED.' })
  startVirtualMachine(@Ctx() context: CloudVmContext, @Arg('id', () => ID, { description: 'Of the machine.' }) id: string): Promise<VirtualMachine> {
    return context.services.machines.start(context, id);
  }

  @Access('member')
  @Mutation(() => VirtualMachine, { description: 'Has a machine that is ACTIVE shut down; SHUTOFF when its guest has ended, or was ended because it would not. Nothing happens to one that is SHUTOFF. Errors: VM_NOT_FOUND, VM_STATE_CONFLICT, CLOUD_NOT_CONFIGURED.' })
  stopVirtualMachine(@Ctx() context: CloudVmContext, @Arg('id', () => ID, { description: 'Of the machine.' }) id: string): Promise<VirtualMachine> {
    return context.services.machines.stop(context, id);
  }

  @Access('member')
  @Mutation(() => VirtualMachine, { description: 'Has a machine that is ACTIVE or SHUTOFF restarted: REBOOT, then ACTIVE with the same address. Errors: VM_NOT_FOUND, VM_STATE_CONFLICT, CLOUD_NOT_CONFIGURED.' })
  rebootVirtualMachine(@Ctx() context: CloudVmContext, @Arg('id', () => ID, { description: 'Of the machine.' }) id: string): Promise<VirtualMachine> {
    return context.services.machines.reboot(context, id);
  }

  @Access('member')
  @Mutation(() => VmImage, {
    description:
      "Makes an image of a machine's disk, of which machines can be launched: a teacher's prepared machine becomes that of the exam. The machine goes on as it was. Answers when the image is ready; it is finished even when the caller does not wait. Errors: BAD_INPUT, VM_NOT_FOUND, VM_STATE_CONFLICT, CLOUD_NOT_CONFIGURED, VM_SNAPSHOT_FAILED, TIMEOUT.",
  })
  snapshotVirtualMachine(@Ctx() context: CloudVmContext, @Arg('input', () => SnapshotVirtualMachineInput, { description: 'The machine, and the name of the image.' }) input: SnapshotVirtualMachineInput): Promise<VmImage> {
    return context.services.snapshots.take(context, input);
  }

  @FieldResolver(() => UserReference, { nullable: true, description: 'Who launched it; null only when machines does not answer.' })
  owner(@Root() { ownerId }: VirtualMachine): UserReference {
    return { id: ownerId };
  }
}

interface ChangedArguments {
  id?: string | null;
  after?: string | null;
}

@Resolver(() => VirtualMachineEvent)
export class VirtualMachineEventResolver {
  @Access('member')
  @Subscription(() => VirtualMachineEvent, {
    description:
      "Every state that a virtual machine, or any of the caller's (an admin's: everybody's), enters from now on, or from behind the event `after`. Errors: VM_NOT_FOUND, EVENT_EXPIRED, BAD_INPUT.",
    subscribe: async ({ context, args }: { context: CloudVmContext; args: ChangedArguments }) => {
      const machine = args.id == null ? undefined : await visibleMachine(context.em, context, args.id, 'id');
      return context.services.events.subscribe(context.caller, { id: machine?.id, after: args.after }) as never;
    },
  })
  virtualMachineChanged(
    @Root() { id, at, subject, payload }: StoredEvent<VirtualMachineChange>,
    @Arg('id', () => ID, { nullable: true, description: 'Only of this machine.' }) _id?: string | null,
    @Arg('after', () => ID, { nullable: true, description: 'The id of the last event that was read: what came behind it is told first.' }) _after?: string | null,
  ): VirtualMachineEvent {
    return { id, at, state: payload.state, virtualMachineId: subject };
  }

  @FieldResolver(() => VirtualMachine, { description: 'The machine as it is now.' })
  virtualMachine(@Ctx() context: CloudVmContext, @Root() { virtualMachineId }: VirtualMachineEvent): Promise<VirtualMachine> {
    return visibleMachine(context.em, context, virtualMachineId);
  }
}
