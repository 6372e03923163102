import { z } from 'zod';
import { failure } from '../engine/failure.js';
import { converted, integerOrDigits, text } from '../engine/value.shapes.js';

/** Milliseconds since the epoch; what has not happened yet is 0. */
export const milliseconds = (time: string | null): number => (time === null ? 0 : Date.parse(time));

/** The thing that was asked for by its id. @throws Failure NOT_FOUND */
export function found<Thing>(thing: Thing | null, kind: string, id: string): Thing {
  if (thing === null) throw failure('NOT_FOUND', `there is no ${kind} ${JSON.stringify(id.slice(0, 100))}`);
  return thing;
}

/** A text that may be left out, or empty. */
export const optionalText = text.transform((value) => value || undefined).nullish();

/** 0 is what clients send who leave the choice to us. */
export const optionalCount = integerOrDigits.transform((number) => number || undefined).nullish();

export const parameters = converted<Record<string, unknown>>(
  (value) => (typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : undefined),
  () => 'an object of names and values',
  { type: 'object', additionalProperties: {} },
).nullish();

/** The states that a dataset or model may be asked for by: there is one. */
export const KEPT_STATUS = z.enum(['all', 'normal'], { error: 'one of all, normal' }).optional().meta({ en: 'Only those in this state; there is but one.', zh: '按状态筛选，仅有 normal' });

/** A part of the name of a dataset or model. */
export const NAMED = text.optional().meta({ en: 'Only those whose name has this text.', zh: '按名称搜索' });

/** A dataset or model as the graph answers it. */
export interface KeptFilesData {
  id: string;
  name: string;
  description: string | null;
  version: string;
  isPrivate: boolean;
  sizeBytes: number;
  fileCount: number;
  path: string;
  createdAt: string;
  updatedAt: string;
  creator: string;
}

/** What datasets and models tell alike, in the document's words. */
export function keptFiles({ id, name, description, version, isPrivate, sizeBytes, fileCount, path, createdAt, updatedAt, creator }: KeptFilesData) {
  return {
    id: Number(id),
    name,
    description: description ?? '',
    creator,
    version,
    status: 'normal',
    size: sizeBytes,
    fileCount,
    path,
    isPrivate,
    createdAt: milliseconds(createdAt),
    updatedAt: milliseconds(updatedAt),
  };
}
