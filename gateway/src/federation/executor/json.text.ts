/** Texts that JSON writes as they are. */
const PLAIN = /^[ !#-[\]-\ud7ff\ue000-\uffff]*$/;

/** The JSON of a text. */
export const jsonOfString = (text: string): string => (PLAIN.test(text) ? `"${text}"` : JSON.stringify(text));

/** The JSON of a value; `null` where it has none. */
export function jsonText(value: unknown): string {
  if (typeof value === 'string') return jsonOfString(value);
  return value === undefined || typeof value === 'function' ? 'null' : JSON.stringify(value);
}
