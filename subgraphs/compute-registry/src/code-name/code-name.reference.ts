import type { CodeDictionary } from './code-name.dictionary.js';
import type { CodeName } from './code-name.entity.js';
import { CodeKind } from './code-name.kinds.js';

/** A code by its id, `<kind>:<code>`; null for an id that names no kind. */
export function codeNameOf(dictionary: CodeDictionary, id: string): CodeName | null {
  const kind = Object.values(CodeKind).find((one) => id.startsWith(`${one}:`));
  return kind === undefined ? null : dictionary.name(kind, id.slice(kind.length + 1));
}
