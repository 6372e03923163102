import { defineError } from '@hutong/common';

export const taskNotFound = defineError<{ id: string }>({
  code: 'TASK_NOT_FOUND',
  status: 404,
  summary: 'No task of this id exists, or it belongs to somebody else.',
  remedy: 'Check the id; `tasks` lists what you can see.',
  message: ({ id }) => `task ${shortened(id)} not found`,
});

export const taskNotOpen = defineError<{ id: number; state: string }>({
  code: 'TASK_NOT_OPEN',
  status: 409,
  summary: 'The task has been released or has expired, so nothing more can be chosen, refused or released for it.',
  remedy: 'Submit the template again for a new task with fresh offers.',
  message: ({ id, state }) => `task ${id} is ${state}; submit its template again for a new task`,
});

export const notOffered = defineError<{ taskId: number; resourceId: number }>({
  code: 'NOT_OFFERED',
  status: 409,
  summary: 'The computing resource exists, but it is not among the offers of this task.',
  remedy: "Choose one of the task's `offers`, or submit a template that this resource matches.",
  message: ({ taskId, resourceId }) => `computing resource ${resourceId} was not offered to task ${taskId}`,
});

export const noAddress = defineError<{ resourceId: number; missing: string }>({
  code: 'NO_ADDRESS',
  status: 409,
  summary: 'A URL for the computing resource cannot be made: its last report names no available address or no port.',
  remedy: 'Choose another resource, or ask its provider to report network_ips_available and network_ports.',
  message: ({ resourceId, missing }) => `computing resource ${resourceId} has no ${missing} to make a URL of`,
});

export const providerRefused = defineError<{ organization: string; answer: string }>({
  code: 'PROVIDER_REFUSED',
  status: 409,
  summary: "The provider's allocation webhook turned the task down (an HTTP status from 400 to 499).",
  remedy: 'Choose another resource, or ask the provider why.',
  message: ({ organization, answer }) => `the provider ${organization} refused the task: its webhook answered ${answer}`,
});

export const providerUnreachable = defineError<{ organization: string; problem: string }>({
  code: 'PROVIDER_UNREACHABLE',
  status: 502,
  summary: "The provider's allocation webhook gave no usable answer: it could not be reached, took too long, failed, redirected, or answered something other than a URL.",
  remedy: 'Try again in a moment, choose another resource, or tell the provider.',
  message: ({ organization, problem }) => `the webhook of provider ${organization} gave no usable answer: ${problem}`,
});

export const resourceNotFound = defineError<{ id: string }>({
  code: 'RESOURCE_NOT_FOUND',
  status: 404,
  summary: 'The computing resource that was chosen for a task does not exist.',
  remedy: "Choose one of the task's `offers`.",
  message: ({ id }) => `computing resource ${shortened(id)} not found`,
});

const SHOWN = 40;
const shortened = (text: string): string => (text.length <= SHOWN ? text : `${text.slice(0, SHOWN)}…`);
