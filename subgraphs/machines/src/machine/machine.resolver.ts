import { Access } from '@hutong/common';
import { Arg, Ctx, ID, Int, Mutation, Query, Resolver, Root, Subscription } from 'type-graphql';
import type { MachinesContext } from '../context.js';
import { machineEvents } from './machine.events.js';
import { GrantMachineInput, Machine, MachineConnection, MachineEvent, MachineFilter, SaveMachinesInput } from './machine.types.js';

@Resolver(() => Machine)
export class MachineResolver {
  @Access('member')
  @Query(() => Machine, { nullable: true, description: 'A machine that is granted to the caller or to everyone; an admin sees all. Null when there is none to see.' })
  machine(@Ctx() context: MachinesContext, @Arg('id', () => ID, { description: 'Decimal integer.' }) id: string): Promise<Machine | null> {
    return context.services.machines.find(context, id);
  }

  @Access('member')
  @Query(() => MachineConnection, {
    description: 'Machines granted to the caller or to everyone, by id; an admin sees all. Errors: BAD_INPUT, LIMIT_EXCEEDED. Contract: GET /api/info.',
  })
  machines(
    @Ctx() context: MachinesContext,
    @Arg('filter', () => MachineFilter, { nullable: true, description: 'Which of them.' }) filter?: MachineFilter,
    @Arg('first', () => Int, { nullable: true, description: 'Rows of the page, at most 100; 20 when nothing is said.' }) first?: number,
    @Arg('after', () => String, { nullable: true, description: 'Cursor of the last row already seen.' }) after?: string,
    @Arg('offset', () => Int, { nullable: true, description: 'Rows to leave out, instead of after.' }) offset?: number,
  ) {
    return context.services.machines.list(context, filter, { first, after, offset });
  }

  @Access('admin')
  @Mutation(() => [Machine], {
    description: 'Adds machines or replaces them by id, all or none; may be repeated. New ones are seen by admins only until granted. Answers them in the order sent. Errors: BAD_INPUT.',
  })
  saveMachines(@Ctx() context: MachinesContext, @Arg('input', () => SaveMachinesInput, { description: 'The machines, each as a whole.' }) input: SaveMachinesInput): Promise<Machine[]> {
    return context.services.machines.save(context, input);
  }

  @Access('admin')
  @Mutation(() => Machine, { description: 'Lets a user or everyone see a machine, or no longer; may be repeated. Errors: NOT_FOUND, BAD_INPUT.' })
  grantMachine(@Ctx() context: MachinesContext, @Arg('input', () => GrantMachineInput, { description: 'The machine, and who may see it.' }) input: GrantMachineInput): Promise<Machine> {
    return context.services.grants.grant(context, input);
  }

  @Access('member')
  @Subscription(() => MachineEvent, {
    description: 'Each machine as it is added or changed, of those the caller may see at that moment. Errors: EVENT_EXPIRED, BAD_INPUT.',
    subscribe: ({ context, args }: { context: MachinesContext; args: { id?: string; after?: string } }) =>
      machineEvents(context, context.services.events, args.id, args.after) as never,
  })
  machineChanged(
    @Root() event: MachineEvent,
    @Arg('id', () => ID, { nullable: true, description: 'Only this machine.' }) _id?: string,
    @Arg('after', () => ID, { nullable: true, description: 'The last event already seen: what came behind it is replayed first.' }) _after?: string,
  ): MachineEvent {
    return event;
  }
}
