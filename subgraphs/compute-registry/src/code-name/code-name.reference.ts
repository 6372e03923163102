import type { CodeDictionary } from './code-name.dictionary.js';
import type { CodeName } from './code-name.entity.js';
import { CodeKind } from './code-name.kinds.js';

/** A code by its id, `<kind>:<code>`; null for an id that names no kind. */
export function codeNameOf(dictionary: CodeDictionary, id: string): CodeName | null {
  const separator = id.indexOf(':');
  const kind = id.slice(0, separator) as CodeKind;
  return separator > 0 && Object.values(CodeKind).includes(kind) ? dictionary.name(kind, id.slice(separator + 1)) : null;
}
