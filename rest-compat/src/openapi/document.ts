import type { Contract } from '../engine/contract.js';
import type { Bilingual, Language } from '../engine/language.js';
import type { OpenApiDocument } from './document.types.js';
import { inLanguage, type Spoken } from './in.language.js';
import type { NamedSchemas } from './json.schema.js';
import { pathsOf } from './operations.js';
import { securitySchemes } from './security.js';

const ALL: { title: Bilingual; description: Bilingual; version: string } = {
  title: { en: 'Hutong: the REST contracts', zh: '互通：REST 接口' },
  description: {
    en: 'Older contracts on top of one graph: what a client does here and what a GraphQL client does is the same thing. One credential is good for all of them. Every path is also served with a trailing slash.',
    zh: '建立在同一张图之上的既有接口：此处的操作与 GraphQL 客户端的操作效果一致。同一凭证适用于所有接口。所有路径带或不带结尾斜杠均可访问。',
  },
  version: '1.0.0',
};

const text = { type: 'string' };
const headers = {
  'X-Request-Id': { description: { en: 'The id of the request; one that the caller sends is echoed.', zh: '请求 id；调用方传入时原样返回' }, schema: text },
  'Retry-After': { description: { en: 'Seconds to wait before the next try.', zh: '重试前需等待的秒数' }, schema: { type: 'integer', minimum: 0 } },
  Allow: { description: { en: 'The methods that the path has, when it was asked with another.', zh: '请求方法不受支持时，该路径支持的方法' }, schema: text },
  Location: { description: { en: 'Where to go.', zh: '跳转地址' }, schema: text },
  'Content-Disposition': { description: { en: 'The name of the file.', zh: '文件名' }, schema: text },
  'Accept-Ranges': { description: { en: '`bytes`: a download can be resumed.', zh: '`bytes`：支持断点续传' }, schema: text },
  'Content-Range': { description: { en: 'Which part of how many bytes this is.', zh: '当前部分的范围与文件总字节数' }, schema: text },
} as const;

/**
 * The OpenAPI 3.1 document of contracts: an operation for every row of their tables, in one language.
 *
 * @example
 * openApi(contracts, { language: 'zh' })
 */
export function openApi(contracts: readonly Contract[], { language = 'en' }: { language?: Language } = {}): OpenApiDocument {
  const named: NamedSchemas = new Map();
  const paths = Object.assign({}, ...contracts.map((contract) => pathsOf(contract, named))) as Spoken<OpenApiDocument['paths']>;
  const { title, description, version } = contracts.length === 1 ? contracts[0]!.guide : ALL;
  const used = JSON.stringify(paths);
  const document: Spoken<OpenApiDocument> = {
    openapi: '3.1.1',
    info: { title, version, description, license: { name: 'Apache-2.0', identifier: 'Apache-2.0' } },
    servers: [{ url: '/', description: { en: 'Where this document was fetched from.', zh: '本文档所在的服务' } }],
    tags: contracts.flatMap(tagsOf),
    ...(contracts.length === 1 ? {} : { 'x-tagGroups': contracts.map((contract) => ({ name: contract.guide.title, tags: tagsOf(contract).map(({ name }) => name) })) }),
    paths,
    components: {
      securitySchemes: inLanguage<Record<string, Record<string, unknown>>>(securitySchemes, language),
      headers: Object.fromEntries(Object.entries(headers).filter(([name]) => used.includes(`#/components/headers/${name}"`))),
      schemas: Object.fromEntries(named),
    },
  };
  return inLanguage<OpenApiDocument>(document, language);
}

function tagsOf({ name, guide, sections }: Contract) {
  return sections?.map((section) => ({ name: `${name}/${section.name}`, 'x-displayName': section.title, description: section.title })) ?? [{ name, 'x-displayName': guide.title, description: guide.description }];
}
