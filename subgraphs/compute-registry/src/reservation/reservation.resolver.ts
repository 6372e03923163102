import { Access } from '@hutong/common';
import { Arg, Ctx, Directive, Mutation, Resolver } from 'type-graphql';
import type { RegistryContext } from '../services.js';
import { Reservation, ReserveInput } from './reservation.types.js';

@Resolver(() => Reservation)
export class ReservationResolver {
  @Access('peer')
  @Directive('@inaccessible')
  @Mutation(() => Reservation, {
    description:
      'For other subgraphs: holds capacity of a fresh resource. Idempotent by key. Nothing (0 CPUs, 0 GPUs) can be held of any fresh resource. Errors: NOT_FOUND, RESOURCE_STALE, NO_CAPACITY, RESERVATION_RELEASED (the key was given back before, also before this call arrived), RESERVATION_KEY_TAKEN, BAD_INPUT.',
  })
  reserveComputingResource(@Ctx() context: RegistryContext, @Arg('input', () => ReserveInput, { description: 'What is to be reserved, and for whom.' }) input: ReserveInput): Promise<Reservation> {
    return context.services.reservations.reserve(context, input);
  }

  @Access('peer')
  @Directive('@inaccessible')
  @Mutation(() => Boolean, {
    description:
      'For other subgraphs: says that the provider has allocated what is reserved. Until then it counts whatever is reported, afterwards until a report that was measured later. Always true; may be repeated. Errors: NOT_FOUND, RESERVATION_RELEASED, BAD_INPUT.',
  })
  confirmReservation(@Ctx() context: RegistryContext, @Arg('key', () => String, { description: 'The idempotency key of the reservation.' }) key: string): Promise<boolean> {
    return context.services.reservations.confirm(context, key);
  }

  @Access('peer')
  @Directive('@inaccessible')
  @Mutation(() => Boolean, {
    description: 'For other subgraphs: gives a reservation back; afterwards its key holds nothing and never will. Always true; may be repeated, and may come before the reservation it is for.',
  })
  releaseReservation(@Ctx() context: RegistryContext, @Arg('key', () => String, { description: 'The idempotency key of the reservation.' }) key: string): Promise<boolean> {
    return context.services.reservations.release(context, key);
  }
}
