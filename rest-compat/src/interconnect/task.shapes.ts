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
 * the other two is there (null counts as absent): then those two must be texts and are kept beside the template too. In
 * every other object `source`, `session_identifier` and `data` mean nothing.
 */
export const taskTemplate = z.unknown().transform((body, context): TaskTemplate => {
  const template = body as Record<string, unknown>;
  const { source, session_identifier, data } = template;
  const task: TaskTemplate = { template };
  if (typeof data !== 'object' || data === null || Array.isArray(data)) return task;
  for (const [own, name, value] of [['source', 'source', source], ['session_identifier', 'sessionIdentifier', session_identifier]] as const) {
    if (value === undefined || value === null) continue;
    if (typeof value === 'string') task[name] = value;
    else context.addIssue({ code: 'custom', path: [own], message: 'text' });
  }
  return task;
});

/** The user's choice of a resource for a task. */
export const pathChoice = z.object({ task_id: integer, computing_resource_id: integer, result: boolean });

export type PathChoice = z.output<typeof pathChoice>;
