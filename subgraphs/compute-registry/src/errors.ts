import { defineError } from '@hutong/common';

/** One computing identifier that does not parse: its place in the batch, and the sentence that points at the character. */
export interface IdentifierFailure {
  index: number;
  message: string;
}

export const identifierInvalid = defineError<{ problem: string }>({
  code: 'IDENTIFIER_INVALID',
  status: 400,
  summary:
    'A computing identifier does not follow its grammar; the message points at the character. For a batch, `extensions.failures` lists the first 20 bad ones and `extensions.failureCount` says how many there are.',
  remedy: 'Correct the named characters and send the whole batch again; nothing was stored. `parseComputingIdentifier` checks one without storing it.',
  message: ({ problem }) => problem,
});

export const identifierNotRegistered = defineError<{ value: string }>({
  code: 'IDENTIFIER_NOT_REGISTERED',
  status: 404,
  summary: 'A report names a computing identifier that was never registered.',
  remedy: 'Register it with `registerComputingIdentifiers` first; nothing of the batch was stored.',
  message: ({ value }) => `computing_id ${value} not found`,
});

export const resourceStale = defineError<{ id: string }>({
  code: 'RESOURCE_STALE',
  status: 409,
  summary: 'The computing resource was not reported for longer than the stale time, so nothing can be reserved on it.',
  remedy: 'Choose another resource, or try again after its provider reported it.',
  message: ({ id }) => `computing resource ${id} is stale: its last report is too old`,
});

export const noCapacity = defineError<{ id: string; asked: string; free: string }>({
  code: 'NO_CAPACITY',
  status: 409,
  summary: 'The computing resource has less free than was asked for.',
  remedy: 'Choose another resource, or ask for less.',
  message: ({ id, asked, free }) => `computing resource ${id} has no capacity left: asked for ${asked}, free ${free}`,
});

export const reservationReleased = defineError<{ key: string }>({
  code: 'RESERVATION_RELEASED',
  status: 409,
  summary: 'The reservation of this key was released before; a released key reserves nothing again.',
  remedy: 'Reserve under a new key.',
  message: ({ key }) => `reservation ${key} was released`,
});

export const reservationKeyTaken = defineError<{ key: string }>({
  code: 'RESERVATION_KEY_TAKEN',
  status: 409,
  summary: 'The key already stands for a reservation of another resource or of other amounts.',
  remedy: 'Use one key for one reservation.',
  message: ({ key }) => `reservation key ${key} already stands for another reservation`,
});
