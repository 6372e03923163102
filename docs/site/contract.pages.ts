import { contracts, openApi, type JsonSchema, type OpenApiDocument, type Operation } from '@hutong/rest-compat';
import { code, escaped, table } from './html.js';
import type { Bilingual, Language, Page } from './layout.js';
import { anchorOf, paragraph } from './markdown.js';

const GROUP: Bilingual = { en: 'REST contracts', zh: 'REST 接口' };

const WORDS = {
  name: { en: 'name', zh: '名称' },
  where: { en: 'in', zh: '位置' },
  type: { en: 'type', zh: '类型' },
  required: { en: 'required', zh: '必填' },
  meaning: { en: 'meaning', zh: '含义' },
  status: { en: 'status', zh: '状态' },
  body: { en: 'Body', zh: '请求体' },
  answer: { en: 'Answer', zh: '应答' },
  example: { en: 'Example', zh: '示例' },
  document: { en: 'The same as an OpenAPI document', zh: '对应的 OpenAPI 文档' },
} as const;

/** How deep the fields of bodies are shown. */
const DEEPEST = 6;

/** The file with a contract's OpenAPI document, beside its page. */
export const documentFile = (contract: string): string => `${contract}.openapi.json`;

/** Each contract, by name, with its OpenAPI document in a language. */
export function contractDocuments(language: Language): Map<string, OpenApiDocument> {
  return new Map(contracts.map((contract) => [contract.name, openApi([contract], { language })]));
}

/** A page for each of the REST contracts, from its OpenAPI document. */
export function contractPages(): Page[] {
  const documents = { en: contractDocuments('en'), zh: contractDocuments('zh') };
  return [...documents.en.keys()].map((name) => ({
    path: `contracts/${name}.html`,
    title: { en: documents.en.get(name)!.info.title, zh: documents.zh.get(name)!.info.title },
    group: GROUP,
    body: (language) => contractBody(name, documents[language].get(name)!, language),
  }));
}

function contractBody(name: string, document: OpenApiDocument, language: Language): string {
  const { info, paths } = document;
  const operations = Object.entries(paths).flatMap(([path, methods]) => Object.entries(methods).map(([method, operation]) => operationSection(path, method, operation, document, language)));
  return `<h1>${escaped(info.title)}</h1>
<p>${paragraph(info.description)}</p>
<p><a href="${documentFile(name)}">${WORDS.document[language]}</a></p>
${operations.join('\n')}`;
}

function operationSection(path: string, method: string, operation: Operation, document: OpenApiDocument, language: Language): string {
  const { summary, description, parameters = [], requestBody, responses } = operation;
  const given = table(
    [WORDS.name, WORDS.where, WORDS.type, WORDS.required, WORDS.meaning].map((word) => word[language]),
    parameters.map((parameter) => [code(parameter.name), parameter.in, code(typeOf(parameter.schema)), parameter.required ? '✔' : '', paragraph(parameter.description ?? '')]),
  );
  const bodies = Object.entries(requestBody?.content ?? {}).map(([type, { schema, examples }]) => `<h3>${WORDS.body[language]}: ${code(type)}</h3>${fieldsTable(schema, document, language)}${shownExamples(examples, language)}`);
  const answers = Object.entries(responses).map(([status, response]) => [
    code(status),
    paragraph(response.description),
    Object.values(response.content ?? {}).map(({ schema, examples }) => fieldsTable(schema, document, language) + shownExamples(examples, language)).join(''),
  ]);
  return `<section id="${anchorOf(operation.operationId)}"><h2><span class="method">${method}</span> ${code(path)}</h2>
<p>${paragraph(summary)}</p>${description === summary ? '' : `<p>${paragraph(description)}</p>`}
${given}${bodies.join('\n')}
<h3>${WORDS.answer[language]}</h3>
${table([WORDS.status[language], WORDS.meaning[language], WORDS.type[language]], answers)}</section>`;
}

function shownExamples(examples: Record<string, { summary?: string; value: unknown }> = {}, language: Language): string {
  return Object.values(examples)
    .map(({ summary, value }) => `<p class="about">${WORDS.example[language]}${summary === undefined ? '' : `: ${paragraph(summary)}`}</p><pre><code>${escaped(typeof value === 'string' ? value : JSON.stringify(value, null, 2))}</code></pre>`)
    .join('');
}

interface Field {
  name: string;
  type: string;
  isRequired: boolean;
  meaning: string;
}

function fieldsTable(schema: JsonSchema, document: OpenApiDocument, language: Language): string {
  const fields = fieldsOf(schema, document, '', DEEPEST);
  if (fields.length === 0) return `<p>${code(typeOf(schema))}</p>`;
  return table(
    [WORDS.name, WORDS.type, WORDS.required, WORDS.meaning].map((word) => word[language]),
    fields.map(({ name, type, isRequired, meaning }) => [code(name), code(type), isRequired ? '✔' : '', paragraph(meaning)]),
  );
}

/** Every field of a body by its path: `results[].id`. */
function fieldsOf(schema: JsonSchema, document: OpenApiDocument, prefix: string, depth: number): Field[] {
  const whole = resolved(schema, document);
  if (depth === 0) return [];
  if (whole.items !== undefined) return fieldsOf(whole.items as JsonSchema, document, `${prefix}[]`, depth - 1);
  const branches = alternatives(whole).flatMap((branch) => fieldsOf(branch, document, prefix, depth - 1));
  const required = (whole.required ?? []) as string[];
  const own = Object.entries((whole.properties ?? {}) as Record<string, JsonSchema>).flatMap(([key, value]) => {
    const name = prefix === '' ? key : `${prefix}.${key}`;
    const of = resolved(value, document);
    return [{ name, type: typeOf(of), isRequired: required.includes(key), meaning: meaningOf(of) }, ...fieldsOf(of, document, name, depth - 1)];
  });
  return [...Map.groupBy([...own, ...branches], ({ name }) => name).values()].map(joined);
}

/** One field out of those of several alternatives: a success has other codes than a failure. */
function joined(fields: readonly Field[]): Field {
  const said = (texts: readonly string[], between: string) => [...new Set(texts.filter((text) => text !== ''))].join(between);
  return { name: fields[0]!.name, type: said(fields.map(({ type }) => type), ' | '), isRequired: fields[0]!.isRequired, meaning: said(fields.map(({ meaning }) => meaning), '; ') };
}

function resolved(schema: JsonSchema, { components }: OpenApiDocument): JsonSchema {
  const { $ref, ...beside } = schema;
  const name = typeof $ref === 'string' ? /^#\/components\/schemas\/(.+)$/.exec($ref)?.[1] : undefined;
  return name === undefined ? schema : { ...components.schemas[name], ...beside };
}

const alternatives = (schema: JsonSchema): JsonSchema[] => [schema.anyOf, schema.oneOf, schema.allOf].flatMap((branches) => (branches ?? []) as JsonSchema[]);

/** The description of a value; a list of codes as one line. */
function meaningOf({ description }: JsonSchema): string {
  return typeof description === 'string' ? description.replace(/^- /, '').replaceAll('\n- ', '; ') : '';
}

/** What a value may be, in a few words. */
function typeOf(schema: JsonSchema): string {
  const branches = alternatives(schema);
  if (branches.length > 0) return [...new Set(branches.map(typeOf))].join(' | ');
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (Array.isArray(schema.enum)) return schema.enum.map((value) => JSON.stringify(value)).join(' | ');
  if (schema.type === 'array') return `${typeOf((schema.items ?? {}) as JsonSchema)}[]`;
  const { type = 'any', format, minimum, maximum } = schema as { type?: string | string[]; format?: string; minimum?: number; maximum?: number };
  const range = minimum === undefined && maximum === undefined ? '' : ` ${minimum ?? ''}…${maximum ?? ''}`;
  return `${[type].flat().join(' | ')}${format === undefined ? '' : ` (${format})`}${range}`;
}
