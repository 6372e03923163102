import { z } from 'zod';
import type { Contract, OperationRoute, Route, Takes } from '../engine/contract.js';
import type { Bilingual } from '../engine/language.js';
import type { JsonSchema, MediaType, Operation, Parameter } from './document.types.js';
import type { Spoken } from './in.language.js';
import { jsonSchema, type NamedSchemas } from './json.schema.js';

type RequestBody = Spoken<NonNullable<Operation['requestBody']>>;
type Row = OperationRoute<unknown, unknown>;

const MULTIPART = 'multipart/form-data';
const URLENCODED = 'application/x-www-form-urlencoded';
const FILE = { type: 'string', format: 'binary', contentMediaType: 'application/octet-stream' };

const runs = (row: Route): row is Row => 'operation' in row;

/** The parameters of a row's path, query and headers. */
export function parametersOf(row: Route, path: string, named: NamedSchemas): Spoken<Parameter>[] {
  return [...pathParameters(path), ...(runs(row) ? queryParameters(row, named) : []), ...('leadsTo' in row && row.leadsTo === 'file' ? [RANGE] : [])];
}

/** `{id}` stands for text of at least one character; a slash in it is sent as `%2F`. */
export function pathParameters(path: string): Spoken<Parameter>[] {
  return [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => ({ name: name!, in: 'path', required: true, description: PATH_PARAMETER, schema: { type: 'string', minLength: 1 } }));
}

/** A download goes on where an earlier one broke off. */
const RANGE: Spoken<Parameter> = { name: 'Range', in: 'header', required: false, description: { en: 'Which part of the file: `bytes=1000-`.', zh: '请求文件的哪一部分：`bytes=1000-`' }, schema: { type: 'string' } };

const PATH_PARAMETER: Bilingual = { en: 'The id of the thing.', zh: '对象的 id' };

function queryParameters({ takes, example: { takes: example } = {} }: Row, named: NamedSchemas): Spoken<Parameter>[] {
  if (takes.from !== 'query') return [];
  const { properties = {}, required = [] } = jsonSchema(takes.shape, 'input', named) as { properties?: Record<string, JsonSchema>; required?: string[] };
  return Object.entries(properties).map(([name, { description, ...schema }]) => ({
    name,
    in: 'query',
    required: required.includes(name),
    ...(description === undefined ? {} : { description: description as string | Bilingual }),
    schema,
    ...(example && name in example ? { example: example[name] } : {}),
  }));
}

/** What is sent in the body to the rows of one method of a path; undefined for none. */
export function requestBodyOf(contract: Contract, rows: readonly Route[], named: NamedSchemas): RequestBody | undefined {
  const own = rows.filter(runs);
  if (own.some(({ command }) => command !== undefined)) return formBody(contract, own, named);
  const takes = own[0]?.takes;
  const sample = examplesOf(own.slice(0, 1));
  if (takes?.from === 'body') return { required: true, content: { 'application/json': { schema: jsonSchema(takes.shape, 'input', named), ...sample } } };
  if (takes?.from === 'batch') return { required: true, content: { 'application/json': { schema: batchSchema(takes, named), ...sample } } };
  return takes?.from === 'upload' ? uploadBody(takes, named, sample) : undefined;
}

/** Samples of what rows take, by their commands. @param key the form's for the command */
function examplesOf(rows: readonly Row[], key?: string): Pick<MediaType, 'examples'> {
  const samples = rows.flatMap(({ command, example }) => (example?.takes ? [[command ?? 'sample', { value: { ...(key === undefined ? {} : { [key]: command }), ...example.takes } }] as const] : []));
  return samples.length > 0 ? { examples: Object.fromEntries(samples) } : {};
}

function batchSchema({ list, element, most }: Extract<Takes<unknown>, { from: 'batch' }>, named: NamedSchemas): JsonSchema {
  return { type: 'object', properties: { [list as string]: { type: 'array', minItems: 1, maxItems: most, items: jsonSchema(element, 'input', named), description: { en: `At most ${most} elements; one that is bad refuses all.`, zh: `至多 ${most} 个元素，任一有误则整体拒绝` } } }, required: [list] };
}

function uploadBody({ file, isOptional, shape }: Extract<Takes<unknown>, { from: 'upload' }>, named: NamedSchemas, sample: Pick<MediaType, 'examples'>): RequestBody {
  const texts = jsonSchema(shape, 'input', named) as { properties?: Record<string, JsonSchema>; required?: string[] };
  const form: MediaType = { schema: { ...texts, properties: { ...texts.properties, [file]: FILE }, required: [...(texts.required ?? []), ...(isOptional ? [] : [file])] } };
  return { required: !isOptional, content: { [MULTIPART]: form, ...(isOptional ? { 'application/json': { schema: texts, ...sample } } : {}) } };
}

/** One form for each command, told apart by its key. */
function formBody({ forms, name }: Contract, rows: readonly Row[], named: NamedSchemas): RequestBody {
  const { command, credential } = forms!;
  const mapping: Record<string, string> = {};
  for (const row of rows) {
    const { properties, required = [] } = jsonSchema((row.takes as Extract<Takes<unknown>, { from: 'form' }>).shape, 'input', named) as { properties: Record<string, JsonSchema>; required?: string[] };
    const id = pascalCase(`${name}-${row.command}`);
    const keys = jsonSchema(z.object({ [command]: z.literal(row.command!).meta(COMMAND), [credential]: z.string().optional().meta(CREDENTIAL) }), 'input', named) as { properties: Record<string, JsonSchema> };
    named.set(id, { type: 'object', description: row.summary, properties: { [command]: keys.properties[command], ...properties, [credential]: keys.properties[credential] }, required: [command, ...required] });
    mapping[row.command!] = `#/components/schemas/${id}`;
  }
  const schema = { oneOf: Object.values(mapping).map(($ref) => ({ $ref })), discriminator: { propertyName: command, mapping } };
  const form = { schema, ...examplesOf(rows, command) };
  return { required: true, content: { [URLENCODED]: form, [MULTIPART]: form } };
}

const COMMAND: Bilingual = { en: 'What is to be done.', zh: '指明具体调用什么服务' };
const CREDENTIAL: Bilingual = { en: 'The credential, where no header carries it.', zh: '凭证，未通过请求头传递时使用' };

/** `launch-instance_form` → `LaunchInstanceForm`. */
export const pascalCase = (text: string): string => text.split(/[^A-Za-z0-9]+/).map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join('');
