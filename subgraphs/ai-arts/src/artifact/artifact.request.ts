import { badInput, textFault } from '@hutong/common';
import type { ArtifactInput } from './artifact.types.js';

/** What is said of a new dataset or model, checked. */
export interface ArtifactRequest {
  name: string;
  version: string;
  alias: string | null;
  description: string | null;
  isPrivate: boolean;
}

const LONGEST_NAME = 255;
const LONGEST_LABEL = 100;
const LONGEST_TEXT = 10_000;
const LARGEST_ID = 2_147_483_647;

/** @throws BAD_INPUT with the field */
export function readArtifact({ name, version, alias, description, isPrivate }: ArtifactInput): ArtifactRequest {
  return { name: readName(name), version: readLabel('input.version', version ?? '1'), alias: alias == null ? null : readLabel('input.alias', alias), description: readDescription(description), isPrivate: isPrivate ?? true };
}

/** @throws BAD_INPUT */
export function readName(name: string): string {
  return required('input.name', name, LONGEST_NAME);
}

/** @throws BAD_INPUT with the field */
export function readLabel(field: string, label: string): string {
  return required(field, label, LONGEST_LABEL);
}

/** Empty is as good as none. @throws BAD_INPUT */
export function readDescription(description: string | null | undefined): string | null {
  if (description == null || description === '') return null;
  return required('input.description', description, LONGEST_TEXT);
}

/** The id of a dataset or model as the table has it; undefined for a text that can be none. */
export function artifactIdOf(id: string): number | undefined {
  return /^[1-9]\d{0,9}$/.test(id) && Number(id) <= LARGEST_ID ? Number(id) : undefined;
}

function required(field: string, text: string, most: number): string {
  const problem = text.trim() === '' ? `expected 1 to ${most} characters, got none` : textFault(text, most);
  if (problem !== undefined) throw badInput({ field, problem });
  return text;
}
