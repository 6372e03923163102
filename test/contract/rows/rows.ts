import { aiArts } from './ai-arts.js';
import { cloudApi } from './cloud-api.js';
import { interconnect } from './interconnect.js';
import { rules } from './rules.js';
import { simpleServer } from './simple-server.js';
import type { Origin } from './statement.js';

const documents = { 'interconnect': interconnect, 'cloud-api': cloudApi, 'simple-server': simpleServer, 'ai-arts': aiArts } as const;

type Documents = typeof documents;
type Rules = typeof rules;

type NumberOf<Section> = Section extends `${infer Number} ${string}` ? Number : never;
type IdIn<Document extends keyof Documents> = {
  [Section in keyof Documents[Document]]: `${Document}/${NumberOf<Section>}/${keyof Documents[Document][Section] & string}`;
}[keyof Documents[Document]];
type RuleId = { [Name in keyof Rules]: `${Rules[Name][0][number]}/rules/${Name}` }[keyof Rules];

/**
 * `<contract>/<section>/<name>`. A case says by vitest's tags which rows it proves: `test('…', { tags: ['ai-arts/3.3/pages'] }, …)`,
 * and `vitest run --tags-filter 'ai-arts/3.3/*'` runs what proves a section.
 */
export type RowId = { [Document in keyof Documents]: IdIn<Document> }[keyof Documents] | RuleId;

export interface Row {
  id: RowId;
  contract: keyof Documents;
  /** Its number or short name, and its title as the document has it. */
  section: string;
  origin: Origin;
  /** What the row fixes. */
  text: string;
}

function rowOf(contract: string, section: string, name: string, statement: string): Row {
  const [origin, ...text] = statement.split(': ');
  return { id: `${contract}/${section.split(' ', 1)[0]}/${name}` as RowId, contract: contract as Row['contract'], section, origin: origin as Origin, text: text.join(': ') };
}

/** All that the four contracts fix, document by document, what holds for all of them first. */
export const rows: readonly Row[] = Object.entries(documents).flatMap(([contract, sections]) => [
  ...Object.entries(rules).filter(([, [of]]) => (of as readonly string[]).includes(contract)).map(([name, [, statement]]) => rowOf(contract, 'rules', name, statement)),
  ...Object.entries(sections).flatMap(([section, statements]) => Object.entries(statements as Record<string, string>).map(([name, statement]) => rowOf(contract, section, name, statement))),
]);

declare module 'vitest' {
  interface TestTags {
    row: RowId;
  }
}
