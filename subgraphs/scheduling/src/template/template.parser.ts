import { badInput } from '@hutong/common';
import { isObject, requireStorable, type TemplateObject } from './template.limits.js';
import { Mismatch } from './template.readers.js';
import { TEMPLATE_KEYS } from './template.keys.js';
import type { Requirements } from './requirements.js';

/** What a template says, once checked. */
export interface ParsedTemplate {
  requirements: Requirements;
  source: string | null;
  sessionIdentifier: string | null;
  /** Where the requirements stand: `input.template`, or `input.template.data` in the later form. */
  base: string;
}

const ROOT = 'input.template';
const SHOWN = 80;

/**
 * Reads a task template in either form: the requirements themselves, or the later form
 * `{ source, session_identifier, data: { …requirements… } }`. Known keys are checked, unknown ones ignored; a known key
 * that is null, an empty text or an empty list asks for nothing.
 *
 * @throws BAD_INPUT with the field (`input.template.gpu_memory`), LIMIT_EXCEEDED
 */
export function parseTemplate(template: unknown): ParsedTemplate {
  requireStorable(template);
  const { data, base } = requirementsOf(template);
  return { requirements: readRequirements(data, base), source: label(template.source), sessionIdentifier: label(template.session_identifier), base };
}

function requirementsOf(template: TemplateObject): { data: TemplateObject; base: string } {
  const isLater = Object.hasOwn(template, 'data') && (Object.hasOwn(template, 'source') || Object.hasOwn(template, 'session_identifier'));
  if (!isLater) return { data: template, base: ROOT };
  if (!isObject(template.data)) throw badInput({ field: `${ROOT}.data`, problem: `expected an object, got ${shown(template.data)}` });
  return { data: template.data, base: `${ROOT}.data` };
}

function readRequirements(data: TemplateObject, base: string): Requirements {
  const requirements: Record<string, unknown> = {};
  for (const [key, { requirement, read }] of Object.entries(TEMPLATE_KEYS)) {
    if (!Object.hasOwn(data, key) || data[key] === null) continue;
    const value = read(data[key]);
    if (value instanceof Mismatch) throw badInput({ field: `${base}.${key}${value.at}`, problem: `expected ${value.expected}, got ${shown(value.got)}` });
    if (value !== undefined) requirements[requirement] = value;
  }
  return requirements;
}

function shown(value: unknown): string {
  const json = JSON.stringify(value) ?? String(value);
  return json.length <= SHOWN ? json : `${json.slice(0, SHOWN).toWellFormed()}…`;
}

/** A label of the later form as text; anything else than a text or a number is none. */
function label(value: unknown): string | null {
  if (typeof value === 'number') return String(value);
  return typeof value === 'string' ? value : null;
}
