import { badInput, textFault } from '@hutong/common';
import type { TrainingParameter } from './training.entity.js';

const MOST = 100;
const LONGEST_VALUE = 10_000;
const NAME = /^[A-Za-z_][A-Za-z0-9_.-]{0,99}$/;
/** What the program is given by us. */
const OURS = ['data_path', 'output_path'];

/** The parameters of a program, by name. @throws BAD_INPUT */
export function readParameters(given: unknown, field: string): Record<string, TrainingParameter> {
  if (given == null) return {};
  if (typeof given !== 'object' || Array.isArray(given)) throw badInput({ field, problem: 'expected an object of parameters by name' });
  const entries = Object.entries(given);
  if (entries.length > MOST) throw badInput({ field, problem: `expected at most ${MOST} parameters, got ${entries.length}` });
  return Object.fromEntries(entries.map(([name, value]) => [requireName(name, field), requireValue(value, `${field}.${name}`)]));
}

function requireName(name: string, field: string): string {
  if (!NAME.test(name)) throw badInput({ field, problem: `expected names of letters, digits, _ . and -, got ${JSON.stringify(name.slice(0, 100))}` });
  if (OURS.includes(name)) throw badInput({ field: `${field}.${name}`, problem: 'the program is given this by the platform' });
  return name;
}

function requireValue(value: unknown, field: string): TrainingParameter {
  if (typeof value === 'boolean' || (typeof value === 'number' && Number.isFinite(value))) return value;
  if (typeof value !== 'string') throw badInput({ field, problem: 'expected a text, a number, true or false' });
  const problem = textFault(value, LONGEST_VALUE);
  if (problem !== undefined) throw badInput({ field, problem });
  return value;
}

/** Parameters as arguments of a program: `--<name> <value>` each. */
export const argumentsOf = (params: Readonly<Record<string, TrainingParameter>>): string[] => Object.entries(params).flatMap(([name, value]) => [`--${name}`, String(value)]);
