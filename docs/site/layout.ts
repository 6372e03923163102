import { escaped } from './html.js';
import { relative } from './markdown.js';

export const languages = ['en', 'zh'] as const;
export type Language = (typeof languages)[number];

/** A text in each language. */
export type Bilingual = Readonly<Record<Language, string>>;

/** A page of the site. */
export interface Page {
  /** Below the folder of its language: `schema/queries.html`. */
  path: string;
  title: Bilingual;
  /** Which part of the navigation it stands in. */
  group: Bilingual;
  /** What it shows, as HTML; `at` is where the page stands, from the root of the site. */
  body(language: Language, at: string): string;
}

const NAME = 'Hutong 互通';
const OTHER: Record<Language, { language: Language; name: string }> = { en: { language: 'zh', name: '中文' }, zh: { language: 'en', name: 'English' } };

const STYLE = `
:root { color-scheme: light dark; font: 16px/1.55 system-ui, sans-serif; }
body { margin: 0; display: grid; grid-template-columns: 15rem minmax(0, 1fr); }
nav { padding: 1rem; border-inline-end: 1px solid #8884; position: sticky; top: 0; height: 100vh; box-sizing: border-box; overflow: auto; }
nav h2 { font-size: .8rem; margin: 1rem 0 .25rem; opacity: .7; }
nav a { display: block; padding: .1rem 0; text-decoration: none; }
nav a[aria-current] { font-weight: bold; }
main { padding: 1rem 2rem 4rem; max-width: 70rem; }
section { border-top: 1px solid #8884; margin-top: 1.5rem; }
table { border-collapse: collapse; display: block; overflow-x: auto; margin: .75rem 0; }
th, td { border: 1px solid #8886; padding: .3rem .6rem; text-align: start; vertical-align: top; }
td > p { margin: 0; }
code { font: .9em ui-monospace, monospace; overflow-wrap: anywhere; }
td:first-child > code { white-space: nowrap; overflow-wrap: normal; }
pre { padding: .75rem; background: #8881; overflow-x: auto; }
pre code { overflow-wrap: normal; }
.about { margin: 1rem 0 -.75rem; font-size: .8rem; }
.method { text-transform: uppercase; font-weight: bold; }
@media (max-width: 50rem) { body { display: block; } nav { position: static; height: auto; } }
`;

/** Where a page stands, from the root of the site. */
export const placeOf = (path: string, language: Language): string => (language === 'en' ? path : `${language}/${path}`);

/** A page in one language, whole: nothing is fetched to read it. */
export function laidOut(page: Page, pages: readonly Page[], language: Language): string {
  const at = placeOf(page.path, language);
  const groups = [...new Set(pages.map(({ group }) => group))];
  const link = ({ path, title }: Page): string => `<a href="${relative(at, placeOf(path, language))}"${path === page.path ? ' aria-current="page"' : ''}>${escaped(title[language])}</a>`;
  const { language: other, name } = OTHER[language];
  return `<!doctype html>
<html lang="${language === 'zh' ? 'zh-CN' : language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escaped(page.title[language])} · ${NAME}</title>
<style>${STYLE}</style>
</head>
<body>
<nav>
<strong>${NAME}</strong>
<a href="${relative(at, placeOf(page.path, other))}" lang="${other}">${name}</a>
${groups.map((group) => `<h2>${escaped(group[language])}</h2>\n${pages.filter((listed) => listed.group === group).map(link).join('\n')}`).join('\n')}
</nav>
<main>
${page.body(language, at)}
</main>
</body>
</html>
`;
}
