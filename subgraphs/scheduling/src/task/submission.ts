import { badInput, requestHash, textFault } from '@hutong/common';
import { parseTemplate, type ParsedTemplate } from '../template/template.parser.js';
import type { TemplateObject } from '../template/template.limits.js';
import type { SubmitTaskInput } from './task.types.js';

/** A checked submission. */
export interface Submission {
  template: TemplateObject;
  parsed: ParsedTemplate;
  source: string | null;
  sessionIdentifier: string | null;
  clientToken: string | null;
  /** What tells it from another submission under the same client token. */
  hash: string;
}

const LONGEST_TEXT = 255;

/** Checks the whole input of a submission before anything is asked or stored. */
export function readSubmission(input: SubmitTaskInput): Submission {
  const { template, source, sessionIdentifier, clientToken } = input;
  const parsed = parseTemplate(template);
  for (const [name, text] of Object.entries({ source, sessionIdentifier, clientToken })) requireText(`input.${name}`, text);
  if (clientToken === '') throw badInput({ field: 'input.clientToken', problem: 'expected a text that is not empty' });
  return {
    template: template as TemplateObject,
    parsed,
    source: source ?? parsed.source,
    sessionIdentifier: sessionIdentifier ?? parsed.sessionIdentifier,
    clientToken: clientToken ?? null,
    hash: requestHash([template, source ?? null, sessionIdentifier ?? null]),
  };
}

function requireText(field: string, text: string | null | undefined): void {
  if (text == null) return;
  const problem = textFault(text, LONGEST_TEXT);
  if (problem !== undefined) throw badInput({ field, problem });
}
