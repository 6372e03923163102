import type { Attributes } from '@opentelemetry/api';
import type { ExecutionResult } from 'graphql';
import { HutongError } from '../errors/define-error.js';
import type { Running } from './activity.js';

/** A failure's code; codes come from the catalogue, so there are only so many. */
export const codeOf = (error: unknown): string => (error instanceof HutongError ? error.code : 'OTHER');

/** As attributes of a span: the code of what an activity failed with. */
export const failed = ({ error }: Pick<Running<unknown>, 'error'>): Attributes => (error === undefined ? {} : { 'error.type': codeOf(error) });

/** The same, and the first code among the errors of an answer. */
export function answered({ error, result }: Pick<Running<unknown, ExecutionResult>, 'error' | 'result'>): Attributes {
  if (error !== undefined) return failed({ error });
  const code: unknown = result?.errors?.[0]?.extensions?.code;
  return typeof code === 'string' ? { 'error.type': code } : {};
}
