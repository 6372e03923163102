/** The languages that the contracts are described in. */
export const LANGUAGES = ['en', 'zh'] as const;

export type Language = (typeof LANGUAGES)[number];

/** One text in each of them. */
export type Bilingual = Readonly<Record<Language, string>>;
