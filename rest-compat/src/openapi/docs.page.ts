import type { Contract } from '../engine/contract.js';
import type { Bilingual, Language } from '../engine/language.js';

export interface DocsPageOptions {
  contracts: readonly Contract[];
  language: Language;
  /** Of the content security policy. */
  nonce: string;
  /** Address of the viewer's script. */
  viewer: string;
  /** Address of the GraphQL playground. */
  playground: string | undefined;
}

const TITLE: Bilingual = { en: 'Hutong: REST reference', zh: '互通：REST 接口文档' };
const ALL: Bilingual = { en: 'All contracts', zh: '全部接口' };
const PLAYGROUND: Bilingual = { en: 'GraphQL playground', zh: 'GraphQL 控制台' };
const NO_SCRIPT: Bilingual = { en: 'The reference needs JavaScript; the document itself is at', zh: '本页需要 JavaScript；文档原文见' };
const LANGUAGE_NAMES: Bilingual = { en: 'English', zh: '中文' };
/** As browsers and the viewer call them. */
const LOCALES: Bilingual = { en: 'en', zh: 'zh-CN' };

/** The viewer checks by zod, which would try whether it may compile its checks, and breach the policy. */
const WITHOUT_EVAL = 'globalThis.__zod_globalConfig = { jitless: true }';

const STYLE = `
body { margin: 0 }
#bar { display: flex; gap: 1.5rem; align-items: center; padding: .5rem 1.5rem; font: 14px/1.5 system-ui, sans-serif; border-bottom: 1px solid #8884 }
#bar strong { margin-right: auto }
#bar a { color: inherit }
body.dark-mode #bar { background: #0f0f0f; color: #e7e7e7 }
:root { --scalar-font: system-ui, sans-serif; --scalar-font-code: ui-monospace, monospace }
`;

/** The page of the viewer, with the other language and the playground a click away. */
export function docsPage({ contracts, language, nonce, viewer, playground }: DocsPageOptions): string {
  const other = language === 'en' ? 'zh' : 'en';
  const document = `/openapi.json?lang=${language}`;
  const sources = [{ title: ALL[language], slug: 'all', url: document }, ...contracts.map(({ name, guide }) => ({ title: guide.title[language], slug: name, url: `/openapi/${name}.json?lang=${language}` }))];
  const configuration = {
    sources,
    localization: { locale: LOCALES[language] },
    // Nothing is fetched from or sent to anybody else.
    withDefaultFonts: false,
    telemetry: false,
    agent: { disabled: true },
    mcp: { disabled: true },
    hideClientButton: true,
    showDeveloperTools: 'never',
    persistAuth: false,
  };
  return `<!doctype html>
<html lang="${LOCALES[language]}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${TITLE[language]}</title>
<link rel="icon" href="data:,">
<style>${STYLE}</style>
</head>
<body>
<header id="bar">
<strong>${TITLE[language]}</strong>
${playground === undefined ? '' : `<a href="${playground}">${PLAYGROUND[language]}</a>`}
<a href="?lang=${other}" lang="${LOCALES[other]}" hreflang="${LOCALES[other]}">${LANGUAGE_NAMES[other]}</a>
</header>
<noscript>${NO_SCRIPT[language]} <a href="${document}">${document}</a></noscript>
<main id="docs"></main>
<script nonce="${nonce}">${WITHOUT_EVAL}</script>
<script nonce="${nonce}" src="${viewer}"></script>
<script nonce="${nonce}">Scalar.createApiReference('#docs', ${JSON.stringify(configuration).replaceAll('<', '\\u003c')})</script>
</body>
</html>
`;
}
