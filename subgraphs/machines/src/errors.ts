import { defineError } from '@hutong/common';

export const wrongCredentials = defineError({
  code: 'WRONG_CREDENTIALS',
  status: 401,
  summary: 'The username or the password is wrong, or the user is disabled; which of them is not told.',
  remedy: 'Check both and try again; an admin can set a new password.',
  message: () => 'The username or the password is wrong.',
});

export const tooManyLogins = defineError<{ retryAfterSeconds: number }>({
  code: 'TOO_MANY_LOGINS',
  status: 429,
  summary: 'Too many logins failed for this user or from this address; `extensions.retryAfterSeconds` tells how long to wait.',
  remedy: 'Wait that long, then log in with the right password.',
  message: ({ retryAfterSeconds }) => `Too many failed logins: try again in ${retryAfterSeconds} s.`,
});

export const usernameTaken = defineError<{ username: string }>({
  code: 'USERNAME_TAKEN',
  status: 409,
  summary: 'Another user has this username, perhaps in other capitals.',
  remedy: 'Choose another username.',
  message: ({ username }) => `The username ${JSON.stringify(username)} is taken.`,
});

export const weakPassword = defineError<{ problem: string }>({
  code: 'WEAK_PASSWORD',
  status: 400,
  summary: 'The new password is too easy to guess; nothing was changed.',
  remedy: 'Choose a longer password that does not hold the username.',
  message: ({ field, problem }: { field?: string; problem: string }) => (field === undefined ? problem : `${field}: ${problem}`),
});

export const lastAdmin = defineError<{ username: string }>({
  code: 'LAST_ADMIN',
  status: 409,
  summary: 'This would leave the platform without an enabled admin.',
  remedy: 'Make another user an admin first.',
  message: ({ username }) => `${username} is the last enabled admin and cannot be disabled, deleted or lose the role.`,
});

export const userOwnsRunningThings = defineError<{ username: string; subgraph: string }>({
  code: 'USER_OWNS_RUNNING_THINGS',
  status: 409,
  summary: 'The user to be deleted still owns something that runs, such as a task with reserved resources.',
  remedy: 'Release or stop what the user owns, or disable the user instead.',
  message: ({ username, subgraph }) => `${username} still owns running things in ${subgraph}: release them first, or disable the user.`,
});
