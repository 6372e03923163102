import { z } from 'zod';
import type { Contract, Reply, Route } from '../engine/contract.js';
import type { FailureCode } from '../engine/failure.js';
import type { Bilingual } from '../engine/language.js';
import type { JsonSchema, MediaType, Reference, Response } from './document.types.js';
import { byStatus, failureCodes } from './failure.codes.js';
import type { Spoken } from './in.language.js';
import { jsonSchema, type NamedSchemas } from './json.schema.js';

export type Responses = Record<string, Spoken<Response>>;

const SUCCESS: Bilingual = { en: 'Done.', zh: '成功' };
const SUCCESS_OR_FAILURE: Bilingual = { en: 'Done, or a failure that the code tells of.', zh: '成功，或由返回码说明的错误' };
const JSON_TYPE = 'application/json';

const header = (name: string): Reference => ({ $ref: `#/components/headers/${name}` });

/** What the rows of one method of a path answer, by HTTP status. */
export function responsesOf(contract: Contract, rows: readonly Route[], named: NamedSchemas): Responses {
  const codes = [...new Set(rows.flatMap(failureCodes))];
  const schemas = new Map<number, JsonSchema[]>();
  const add = ({ status, schema }: { status: number; schema: JsonSchema }) => void schemas.set(status, [...(schemas.get(status) ?? []), schema]);
  for (const row of rows) for (const success of successes(contract, row, named)) add(success);
  const failures = byStatus(contract, codes);
  for (const [status, told] of failures) add({ status, schema: failureSchema(contract, told, named) });
  const responses: Responses = {};
  for (const [status, alternatives] of [...schemas].toSorted(([a], [b]) => a - b)) {
    const told = failures.get(status) ?? [];
    responses[status] = {
      description: described(contract, told, status),
      headers: headersOf(told),
      content: { [JSON_TYPE]: { schema: alternatives.length === 1 ? alternatives[0]! : { anyOf: alternatives }, ...(status === 200 ? examplesOf(contract, rows) : {}) } },
    };
  }
  for (const row of rows) if ('leadsTo' in row) addDestination(responses, row.leadsTo, codes);
  return responses;
}

/** Samples of what rows answer, by their commands. */
function examplesOf({ envelope }: Contract, rows: readonly Route[]): Pick<MediaType, 'examples'> {
  const samples = rows.flatMap((row) => {
    const result = row.example?.answers;
    return result === undefined ? [] : [[row.command ?? 'sample', { value: 'readiness' in row ? result : envelope.success(result).body }] as const];
  });
  return samples.length > 0 ? { examples: Object.fromEntries(samples) } : {};
}

/** What a row answers that does not fail, in the contract's envelope. */
function successes(contract: Contract, row: Route, named: NamedSchemas): { status: number; schema: JsonSchema }[] {
  if ('readiness' in row) {
    const statuses = [true, false].map((ready): Reply => row.readiness({ ready, message: '' })).map(({ status }) => status);
    return statuses.map((status) => ({ status, schema: jsonSchema(row.answers ?? z.unknown(), 'output', named) }));
  }
  if (row.leadsTo === 'file') return [];
  return [{ status: contract.envelope.success({}).status, schema: jsonSchema(contract.envelope.shapes.success(row.answers ?? z.unknown()), 'output', named) }];
}

/** The envelope of failures. */
export function failureSchema(contract: Contract, codes: readonly FailureCode[], named: NamedSchemas): JsonSchema {
  const numbers = [...new Set(codes.map((code) => contract.errors[code]))].toSorted((a, b) => a - b);
  const meanings = numbers.map((number) => ({ number, ...contract.guide.numbers[number]! }));
  const number = z.literal(numbers).meta({
    type: 'integer',
    en: meanings.map(({ number: own, en }) => `- ${own}: ${en}`).join('\n'),
    zh: meanings.map(({ number: own, zh }) => `- ${own}：${zh}`).join('\n'),
  });
  return jsonSchema(contract.envelope.shapes.failure(codes, number), 'output', named);
}

function described({ guide, errors }: Contract, codes: readonly FailureCode[], status: number): Bilingual {
  if (status === 200) return codes.length === 0 ? SUCCESS : SUCCESS_OR_FAILURE;
  // Where no code tells of it, such as that the service is not up, the number is that of HTTP.
  const numbers = codes.length === 0 ? [status] : [...new Set(codes.map((code) => errors[code]))];
  const meanings = numbers.map((number) => guide.numbers[number]!);
  return { en: `${meanings.map(({ en }) => en).join('; ')}.`, zh: meanings.map(({ zh }) => zh).join('；') };
}

export function headersOf(codes: readonly FailureCode[]): Record<string, Reference> {
  return {
    'X-Request-Id': header('X-Request-Id'),
    ...(codes.includes('TOO_MANY_LOGINS') || codes.includes('SERVICE_BUSY') ? { 'Retry-After': header('Retry-After') } : {}),
    ...(codes.includes('METHOD_NOT_ALLOWED') ? { Allow: header('Allow') } : {}),
  };
}

function addDestination(responses: Responses, leadsTo: 'file' | 'page' | undefined, codes: readonly FailureCode[]): void {
  if (leadsTo === 'page') responses['302'] = { description: { en: 'A browser (`Accept: text/html`) is led to the page.', zh: '浏览器（`Accept: text/html`）跳转到该页面' }, headers: { ...headersOf([]), Location: header('Location') } };
  if (leadsTo !== 'file') return;
  const content = { 'application/octet-stream': { schema: { type: 'string', format: 'binary', contentMediaType: 'application/octet-stream' } } };
  const headers = { ...headersOf([]), 'Content-Disposition': header('Content-Disposition'), 'Accept-Ranges': header('Accept-Ranges') };
  const failures = responses['200']?.content;
  responses['200'] = { description: { en: 'The file.', zh: '文件内容' }, headers: { ...headersOf(failures ? codes : []), ...headers }, content: { ...failures, ...content } };
  responses['206'] = { description: { en: 'The part of the file that `Range` asks for.', zh: '`Range` 所请求的部分文件' }, headers: { ...headers, 'Content-Range': header('Content-Range') }, content };
  responses['416'] = { description: { en: 'The file has no such part.', zh: '文件没有该范围' }, headers: { ...headersOf([]), 'Content-Range': header('Content-Range') } };
}
