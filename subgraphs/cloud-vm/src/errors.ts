import { defineError } from '@hutong/common';

export const cloudNotConfigured = defineError<{ remedy: string }>({
  code: 'CLOUD_NOT_CONFIGURED',
  status: 503,
  summary: 'No cloud is set up, so virtual machines can neither be launched nor changed.',
  remedy: 'Set CLOUD_DRIVER and what its driver needs; the message says what is missing.',
  message: ({ remedy }) => `no cloud is set up: ${remedy}`,
});

export const cloudMisconfigured = defineError<{ words: string }>({
  code: 'CLOUD_MISCONFIGURED',
  status: 503,
  summary: 'The cloud refuses our credentials, or does not have the network, security group or pool that a setting names.',
  remedy: 'An administrator has to correct the setting or the cloud.',
  message: ({ words }) => words,
});

export const cloudUnavailable = defineError<{ words: string }>({
  code: 'CLOUD_UNAVAILABLE',
  status: 503,
  summary: 'The cloud does not answer, or asks to be left alone for a while.',
  remedy: 'Try again in a moment.',
  message: ({ words }) => words,
});

export const imageNotFound = defineError<{ image: string }>({
  code: 'VM_IMAGE_NOT_FOUND',
  status: 404,
  summary: 'The cloud has no image of this name or id.',
  remedy: 'Choose one of `vmImages`.',
  message: ({ image }) => `there is no image ${quoted(image)}; vmImages lists those there are`,
});

export const imageAmbiguous = defineError<{ image: string; ids: readonly string[] }>({
  code: 'VM_IMAGE_AMBIGUOUS',
  status: 409,
  summary: 'Several images have this name.',
  remedy: 'Give the id of one of them instead; the message lists them.',
  message: ({ image, ids }) => `the image name ${quoted(image)} is ambiguous; give one of the ids ${ids.join(', ')}`,
});

export const flavorNotFound = defineError<{ flavor: string }>({
  code: 'VM_FLAVOR_NOT_FOUND',
  status: 404,
  summary: 'The cloud has no flavor of this name or id.',
  remedy: 'Choose one of `vmFlavors`.',
  message: ({ flavor }) => `there is no flavor ${quoted(flavor)}; vmFlavors lists those there are`,
});

export const flavorAmbiguous = defineError<{ flavor: string; ids: readonly string[] }>({
  code: 'VM_FLAVOR_AMBIGUOUS',
  status: 409,
  summary: 'Several flavors have this name.',
  remedy: 'Give the id of one of them instead; the message lists them.',
  message: ({ flavor, ids }) => `the flavor name ${quoted(flavor)} is ambiguous; give one of the ids ${ids.join(', ')}`,
});

export const internetAccessInvalid = defineError({
  code: 'VM_INTERNET_ACCESS_INVALID',
  status: 400,
  summary: 'Whether the machine gets internet access was not said, or neither as true nor as false.',
  remedy: 'Give true or false.',
  message: () => 'expected true or false for the internet access',
});

export const virtualMachineNotFound = defineError<{ id: string }>({
  code: 'VM_NOT_FOUND',
  status: 404,
  summary: 'No virtual machine of this id exists, it is destroyed, or it belongs to somebody else.',
  remedy: 'Check the id; `virtualMachines` lists what you can see.',
  message: ({ id }) => `virtual machine ${quoted(id)} not found`,
});

export const virtualMachineState = defineError<{ id: string; state: string; wanted: string }>({
  code: 'VM_STATE_CONFLICT',
  status: 409,
  summary: 'The state of the virtual machine, or what is being done with it, does not allow this.',
  remedy: 'Wait for its next state (`virtualMachineChanged` tells), or destroy it.',
  message: ({ id, state, wanted }) => `virtual machine ${id} is ${state}, so it cannot ${wanted} now`,
});

export const creationFailed = defineError<{ words: string }>({
  code: 'VM_CREATION_FAILED',
  status: 502,
  summary: 'The virtual machine could not be made, or was not ready in time; nothing of it is left.',
  remedy: "The message has the cloud's own words; try again, perhaps with another flavor.",
  message: ({ words }) => words,
});

export const quotaRefused = defineError<{ words: string }>({
  code: 'VM_QUOTA_REFUSED',
  status: 409,
  summary: 'A quota of the cloud, or what its hosts have left, does not allow it.',
  remedy: "The message has the cloud's own words; take a smaller flavor, or destroy some machines.",
  message: ({ words }) => words,
});

export const quotaExceeded = defineError<{ most: number }>({
  code: 'VM_QUOTA_EXCEEDED',
  status: 409,
  summary: 'The user has as many virtual machines as a user may have.',
  remedy: 'Destroy some, or have an administrator raise CLOUD_MACHINES_PER_USER.',
  message: ({ most }) => `at most ${most} virtual machines for a user; destroy some first`,
});

export const snapshotFailed = defineError<{ words: string }>({
  code: 'VM_SNAPSHOT_FAILED',
  status: 502,
  summary: 'The snapshot could not be made; nothing of it is left.',
  remedy: "The message has the cloud's own words.",
  message: ({ words }) => words,
});

const SHOWN = 100;
const quoted = (text: string): string => JSON.stringify(text.length <= SHOWN ? text : `${text.slice(0, SHOWN)}…`);
