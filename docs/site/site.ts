import { copyFile, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { buildSchema } from 'graphql';
import { contractDocuments, contractPages, documentFile } from './contract.pages.js';
import { languages, laidOut, placeOf, type Bilingual, type Language, type Page } from './layout.js';
import { rendered, type PageOfFile } from './markdown.js';
import { schemaPages } from './schema.pages.js';

const REPOSITORY = join(import.meta.dirname, '../..');
const API = 'schema/api.graphql';
const GUIDE: Bilingual = { en: 'Guide', zh: '指南' };

/** Documents of the repository that are pages, by the page. */
const DOCUMENTS = {
  'index.html': { en: 'docs/index.md', zh: 'docs/index.zh.md' },
  'snippets.html': { en: 'docs/snippets.md', zh: 'docs/snippets.zh.md' },
  'client.html': { en: 'schema/client/README.md', zh: 'schema/client/README.md' },
  'errors.html': { en: 'schema/errors.md', zh: 'schema/errors.md' },
} as const satisfies Record<string, Record<Language, string>>;

/** Where the settings stand in each README. */
const SETTINGS = { en: { file: 'README.md', heading: '## Settings' }, zh: { file: 'README.zh.md', heading: '## 设置' } } as const;

const read = (file: string): Promise<string> => readFile(join(REPOSITORY, file), 'utf8');

/** Writes the reference into a folder, in place of what is there; answers its files. */
export async function writeSite(folder: string): Promise<string[]> {
  const files = await siteFiles();
  await rm(folder, { recursive: true, force: true });
  for (const [name, text] of files) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), text);
  }
  await copyFile(join(REPOSITORY, API), join(folder, 'schema/api.graphql'));
  return [...files.keys(), 'schema/api.graphql'];
}

/** Every file of the reference, by its name in it. */
async function siteFiles(): Promise<Map<string, string>> {
  const pages = [...(await guidePages()), ...schemaPages(buildSchema(await read(API))), ...contractPages()];
  return new Map(
    languages.flatMap((language) => [
      ...pages.map((page) => [placeOf(page.path, language), laidOut(page, pages, language)] as const),
      ...[...contractDocuments(language)].map(([name, document]) => [placeOf(`contracts/${documentFile(name)}`, language), `${JSON.stringify(document, null, 2)}\n`] as const),
    ]),
  );
}

async function guidePages(): Promise<Page[]> {
  const titles: Record<keyof typeof DOCUMENTS, Bilingual> = {
    'index.html': { en: 'Overview', zh: '概览' },
    'snippets.html': { en: 'Snippets', zh: '代码示例' },
    'client.html': { en: 'TypeScript client', zh: 'TypeScript 客户端' },
    'errors.html': { en: 'Errors', zh: '错误' },
  };
  const documents = await Promise.all(
    Object.entries(DOCUMENTS).map(async ([path, files]) => {
      const texts = { en: await read(files.en), zh: await read(files.zh) };
      return { path, title: titles[path as keyof typeof DOCUMENTS], group: GUIDE, body: (language: Language, at: string) => rendered(texts[language], files[language], at, pageOfFile(language)) };
    }),
  );
  const settings = { en: await settingsOf('en'), zh: await settingsOf('zh') };
  const title = { en: 'Settings', zh: '设置' };
  return [...documents, { path: 'settings.html', title, group: GUIDE, body: (language, at) => rendered(settings[language], SETTINGS[language].file, at, pageOfFile(language)) }];
}

/** The page of each document; of one that both languages share, that of the reader's. */
function pageOfFile(language: Language): PageOfFile {
  const others = languages.filter((other) => other !== language);
  return new Map([...others, language].flatMap((of) => Object.entries(DOCUMENTS).map(([path, files]) => [files[of], placeOf(path, of)])));
}

/** The section of the settings, as a document of its own. */
async function settingsOf(language: Language): Promise<string> {
  const { file, heading } = SETTINGS[language];
  const text = await read(file);
  const begin = text.indexOf(`\n${heading}\n`);
  if (begin === -1) throw new Error(`${file} has no "${heading}"`);
  const end = text.indexOf('\n## ', begin + 1);
  return text.slice(begin + 1, end === -1 ? undefined : end).replace(/^##/, '#');
}
