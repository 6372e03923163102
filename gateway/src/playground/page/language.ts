import type { Text } from '../example.types.js';

export type Language = keyof Text;

const KEY = 'hutong.language';

/** What the page is in: what was chosen in this tab, else what the browser prefers. */
export const language: Language = chosen() ?? (navigator.language.startsWith('zh') ? 'zh' : 'en');

/** The text in the language of the page. */
export const inLanguage = (text: Text): string => text[language];

/** Begins the page anew in the other language. */
export function changeLanguage(): void {
  sessionStorage.setItem(KEY, language === 'en' ? 'zh' : 'en');
  location.reload();
}

function chosen(): Language | undefined {
  const stored = sessionStorage.getItem(KEY);
  return stored === 'en' || stored === 'zh' ? stored : undefined;
}
