import { z } from 'zod';
import { boolean, integer } from '../engine/value.shapes.js';

export interface TaskTemplate {
  /** The whole body, as it was sent. */
  template: Record<string, unknown>;
  source?: string;
  sessionIdentifier?: string;
}

/**
 * Any JSON object. It is the later form `{source, session_identifier, data}` when `data` is an object and at least one of
 * the other two is there; then those of them that are texts travel beside the template, which is the whole body either
 * way. In every other object the three names mean nothing here.
 */
export const taskTemplate = z.unknown().transform((body): TaskTemplate => {
  const template = body as Record<string, unknown>;
  const { source, session_identifier, data } = template;
  if (typeof data !== 'object' || data === null || Array.isArray(data)) return { template };
  return {
    template,
    ...(typeof source === 'string' ? { source } : {}),
    ...(typeof session_identifier === 'string' ? { sessionIdentifier: session_identifier } : {}),
  };
}).meta({ type: 'object' });

/** The user's choice of a resource for a task. */
export const pathChoice = z.object({ task_id: integer, computing_resource_id: integer, result: boolean });

export type PathChoice = z.output<typeof pathChoice>;
