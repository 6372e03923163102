import { LANGUAGES, type Bilingual, type Language } from '../engine/language.js';

/** A value in which texts stand in both languages, or in one. */
export type Spoken<Value> = Value extends string ? Value | Bilingual : Value extends readonly (infer Item)[] ? Spoken<Item>[] : Value extends object ? { [Key in keyof Value]: Spoken<Value[Key]> } : Value;

/** The value with every bilingual text in one language. */
export function inLanguage<Value>(value: Spoken<Value>, language: Language): Value {
  return spoken(value, language) as Value;
}

function spoken(value: unknown, language: Language): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map((item) => spoken(item, language));
  if (isBilingual(value)) return value[language];
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, spoken(item, language)]));
}

const isBilingual = (value: object): value is Bilingual => Object.keys(value).length === LANGUAGES.length && LANGUAGES.every((language) => language in value);
