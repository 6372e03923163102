import type { Contract, Passage, Route } from '../engine/contract.js';
import type { Method, Operation, OpenApiDocument } from './document.types.js';
import { byStatus, passageFailureCodes } from './failure.codes.js';
import type { Spoken } from './in.language.js';
import type { NamedSchemas } from './json.schema.js';
import { parametersOf, pascalCase, pathParameters, requestBodyOf } from './request.js';
import { failureSchema, headersOf, responsesOf, type Responses } from './responses.js';
import { security } from './security.js';

type Paths = Spoken<OpenApiDocument['paths']>;

const PASSAGE_METHODS: readonly Method[] = ['get', 'post', 'put', 'patch', 'delete'];
const WITH_BODY: ReadonlySet<Method> = new Set(['post', 'put', 'patch']);
const ANY_BODY = { required: false, content: { '*/*': { schema: {} } } };

/** The operations of a contract by path and method; rows that a form's command tells apart are one. */
export function pathsOf(contract: Contract, named: NamedSchemas): Paths {
  const paths: Paths = {};
  const byPlace = Map.groupBy(contract.routes, ({ path, method }) => `${method} ${templateOf(contract.prefix + path)}`);
  for (const rows of byPlace.values()) {
    const { path, method } = rows[0]!;
    const template = templateOf(contract.prefix + path);
    paths[template] = { ...paths[template], [method.toLowerCase()]: operation(contract, rows, template, named) };
  }
  for (const passage of contract.passages ?? []) Object.assign(paths, passagePaths(contract, passage, named));
  return paths;
}

function operation(contract: Contract, rows: readonly Route[], template: string, named: NamedSchemas): Spoken<Operation> {
  const [first] = rows as readonly [Route];
  const parameters = parametersOf(first, template, named);
  const body = requestBodyOf(contract, rows, named);
  const isForm = first.command !== undefined;
  const stored = rows.flatMap((row) => ('operation' in row ? [[row.command, row.operation] as const] : []));
  return {
    operationId: operationId(first.method, template),
    tags: [tagOf(contract, first)],
    summary: isForm ? contract.guide.title : first.summary,
    description: isForm ? { en: rows.map(({ command, summary }) => `- \`${command}\`: ${summary.en}`).join('\n'), zh: rows.map(({ command, summary }) => `- \`${command}\`：${summary.zh}`).join('\n') } : first.summary,
    security: 'credential' in first && first.credential === 'required' ? security(contract) : [],
    ...(parameters.length > 0 ? { parameters } : {}),
    ...(body ? { requestBody: body } : {}),
    responses: responsesOf(contract, rows, named),
    ...(stored.length > 0 ? { 'x-hutong-operation': isForm ? (Object.fromEntries(stored) as Record<string, string>) : stored[0]![1] } : {}),
  };
}

/** A passage and all that is below it, which a template of one step stands for. */
function passagePaths(contract: Contract, passage: Passage, named: NamedSchemas): Paths {
  const path = contract.prefix + passage.path;
  return Object.fromEntries([path, `${path}/{path}`].map((template) => [template, Object.fromEntries(PASSAGE_METHODS.map((method) => [method, passageOperation(contract, passage, template, method, named)]))]));
}

function passageOperation(contract: Contract, passage: Passage, template: string, method: Method, named: NamedSchemas): Spoken<Operation> {
  const responses: Responses = {};
  for (const [status, codes] of byStatus(contract, passageFailureCodes)) {
    const { guide, errors } = contract;
    const meanings = [...new Set(codes.map((code) => errors[code]))].map((number) => guide.numbers[number]!);
    const description = { en: `${meanings.map(({ en }) => en).join('; ')}.`, zh: meanings.map(({ zh }) => zh).join('；') };
    responses[status] = { description, headers: headersOf(codes), content: { 'application/json': { schema: failureSchema(contract, codes, named) } } };
  }
  const parameters = pathParameters(template);
  return {
    operationId: operationId(method, template),
    tags: [tagOf(contract, passage)],
    summary: passage.summary,
    description: passage.summary,
    security: security(contract),
    ...(parameters.length > 0 ? { parameters } : {}),
    ...(WITH_BODY.has(method) ? { requestBody: ANY_BODY } : {}),
    responses: { default: { description: { en: 'Whatever the other server answers.', zh: '对方服务的返回' }, headers: headersOf([]) }, ...responses },
  };
}

/** `/api/:id` → `/api/{id}`. */
const templateOf = (path: string): string => path.replaceAll(/:(\w+)/g, '{$1}');

/** `getAiArtsApiCodesById`. */
function operationId(method: string, template: string): string {
  return method.toLowerCase() + pascalCase(template.replaceAll('{', 'By-'));
}

function tagOf({ name, sections = [] }: Contract, part: Route | Passage): string {
  const section = sections.find(({ routes, passages = [] }) => routes.includes(part as Route) || passages.includes(part as Passage));
  return section ? `${name}/${section.name}` : name;
}
