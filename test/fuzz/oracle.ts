import { contracts, type Contract } from '@hutong/rest-compat';
import { z } from 'zod';
import type { OpenApiDocument, Operation, Schema } from './document/openapi.document.js';
import type { WireAnswer } from './wire/answer.parser.js';

/** What an answer belongs to. */
export interface Asked {
  method: string;
  target: string;
  /** Where the request is one of the document's. */
  operation?: Operation;
  /** As the document says; so what it says of good requests has to come of it. */
  isValid?: boolean;
  /** The id that it was sent with, and that its answer has to have. */
  requestId?: string;
  /** The HTTP of the request may be broken, so that the server may have refused it before anybody looked at what was asked for. */
  isOdd?: boolean;
}

// oxlint-disable-next-line typescript/no-explicit-any -- a body of any shape
type Json = any;

/** What no answer may show: stack traces, files of ours, statements and their failures, messages of the runtime. */
const LEAKS = /node_modules|\n\s+at |file:\/\/\/|\/dist\/|\.[jt]s:\d+|\b(?:insert into|update|delete from|select) "|violates \w+ constraint|syntax error at or near|invalid input syntax|out of range for type|\bE(?:CONN\w+|NOENT|ACCES|PIPE)\b|Cannot (?:read|set) propert|is not a function|is not iterable|of undefined|of null|Maximum call stack|\[object Object\]|Unexpected error value|PostgreSQL|MikroORM/;

/** Answers that Node's parser gives by itself, without a body. */
const BARE: ReadonlySet<number> = new Set([400, 404, 408, 417, 431, 503]);
const REQUEST_ID = /^[A-Za-z0-9._:/+=-]{1,128}$/;

/** Says what is wrong with an answer. */
export class Oracle {
  readonly #document: OpenApiDocument | undefined;
  readonly #shapes = new Map<Schema, z.ZodType>();

  constructor(document: OpenApiDocument | undefined) {
    this.#document = document;
  }

  /** What is wrong; undefined when nothing is. */
  faultOf(asked: Asked, answer: WireAnswer): string | undefined {
    const { status, headers, body } = answer;
    const text = body.toString('utf8');
    if (status >= 500 && status !== 505) return `the server failed with ${status}`;
    const leak = LEAKS.exec(text);
    if (leak && isText(headers['content-type'])) return `the answer shows ${JSON.stringify(leak[0])}`;
    if (asked.isOdd && body.length === 0 && BARE.has(status)) return undefined;
    if (status === 101) return undefined;
    if (!REQUEST_ID.test(headers['x-request-id'] ?? '')) return `the answer has no sound X-Request-Id, but ${headers['x-request-id']}`;
    if (asked.method === 'HEAD') return undefined;
    if (asked.isOdd && faultOfErrors(asJson(text)) === undefined) return undefined;
    return this.#faultOfBody(asked, answer, text);
  }

  #faultOfBody(asked: Asked, { status, headers, body }: WireAnswer, text: string): string | undefined {
    const type = headers['content-type'];
    const contract = contractOf(asked.target);
    if (contract) return this.#faultOfContract(contract, asked, { status, type, text });
    if (status >= 300 && status < 400) return headers.location === undefined && status !== 304 ? `${status} without a Location` : undefined;
    if (status === 204) return undefined;
    if (status < 400) return type === undefined && body.length > 0 ? 'a body without a type' : undefined;
    // The protocol of resumable uploads has its own texts.
    if (type === 'text/plain;charset=UTF-8' && asked.target.startsWith('/ai_arts/uploads')) return undefined;
    if (!/^application\/(?:graphql-response\+)?json; charset=utf-8$/.test(type ?? '')) return `a refusal of the type ${type}`;
    const json = asJson(text);
    // What answers other processes of the platform refuses everybody else with one sentence.
    if (asked.target.startsWith('/stored-operations') && typeof json?.error === 'string') return undefined;
    return faultOfErrors(json);
  }

  #faultOfContract(contract: Contract, asked: Asked, { status, type, text }: { status: number; type: string | undefined; text: string }): string | undefined {
    if (status === 204 && asked.method === 'OPTIONS') return undefined;
    const { operation } = asked;
    const passesOn = operation ? Object.values(operation.responses).some((types) => Object.keys(types).some((name) => name !== 'application/json')) || operation.path.includes('/annotations') : /\/annotations|\/download/.test(asked.target);
    if (passesOn && status < 400 && type !== 'application/json; charset=utf-8') return undefined;
    if (status >= 300 && status < 400) return passesOn || /endpoint|jupyter/.test(asked.target) ? undefined : `${status} of a contract`;
    if (type !== 'application/json; charset=utf-8') return `an answer of the type ${type}`;
    const json = asJson(text);
    if (json === undefined) return 'an answer that is no JSON';
    if (passesOn && status < 400 && !('code' in json)) return undefined;
    return faultOfEnvelope(contract, status, json) ?? this.#faultBySchema(asked, status, json) ?? (asked.isValid ? faultOfValid(contract, status, json) : undefined);
  }

  /** By what the document says of the operation's answers. */
  #faultBySchema({ operation, isOdd }: Asked, status: number, json: Json): string | undefined {
    if (!operation || !this.#document || isOdd) return undefined;
    const schema = (operation.responses[status] ?? operation.responses.default)?.['application/json'];
    if (!schema) return `the document has no answer ${status} for ${operation.method} ${operation.path}`;
    let shape = this.#shapes.get(schema);
    if (!shape) this.#shapes.set(schema, (shape = z.fromJSONSchema(this.#document.selfContained(schema))));
    const { error } = shape.safeParse(json);
    return error && `the answer is none of the document: ${JSON.stringify(error.issues).slice(0, 600)}`;
  }
}

/** The contract that owns a path; undefined when none does. */
function contractOf(target: string): Contract | undefined {
  const [sent = ''] = target.trimStart().replace(/^[a-z][a-z0-9+.-]*:\/\/[^/?]*/i, '').split('?', 1);
  const path = decoded(sent);
  return contracts.toSorted((a, b) => b.prefix.length - a.prefix.length).find(({ prefix }) => path === prefix || path.startsWith(`${prefix}/`));
}

function decoded(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}

function asJson(text: string): Json {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const isText = (type: string | undefined): boolean => type === undefined || /json|text\/plain/.test(type);

function faultOfErrors(json: Json): string | undefined {
  const code: unknown = json?.errors?.[0]?.extensions?.code;
  if (typeof code !== 'string' || !/^[A-Z_]+$/.test(code)) return 'a refusal without errors[0].extensions.code';
  if (code === 'INTERNAL_SERVER_ERROR') return 'INTERNAL_SERVER_ERROR';
  return typeof json.errors[0].message === 'string' && json.errors[0].message !== '' ? undefined : 'a refusal that says nothing';
}

/** By what the contract's own text says. */
function faultOfEnvelope({ name, errors }: Contract, status: number, json: Json): string | undefined {
  const numbers = new Set<number>(Object.values(errors));
  const knows = (code: unknown): boolean => code === 0 || numbers.has(code as number);
  const keys = Object.keys(json as object).join();
  const is = (fits: boolean): string | undefined => (fits ? undefined : `no envelope of ${name} with ${status}`);
  switch (name) {
    case 'interconnect':
      if (json.code === 500) return 'code 500';
      return is(status === 200 && keys === 'code,message,data' && knows(json.code) && (json.code === 0 || (JSON.stringify(json.data) === '{}' && json.message !== '')));
    case 'simple-server':
      return is(status === 200 ? keys === 'data' || keys === 'code,message' : numbers.has(status) && (json.data === '' || (keys === 'detail' && json.detail !== '')));
    case 'cloud-api':
      return is((status === 200 || (status === 401 && json.ret_code === 100) || status === 401 || status === 405) && knows(json.ret_code) && typeof json.description === 'string' && json.description !== '');
    default:
      if (json.code === 10_003 || json.code === 40_000) return `code ${json.code}`;
      return is(keys === 'code,msg,data' && knows(json.code) && (json.code === 0) === (status === 200) && json.msg !== '');
  }
}

/** Codes that say of a request that it is not as it should be, which is wrong of one that is. */
const SAYS_WRONG: Readonly<Record<string, (status: number, json: Json) => boolean>> = {
  interconnect: (_, { code }) => code === 400 || code === 401,
  'simple-server': (status) => [400, 405, 415, 422].includes(status),
  'cloud-api': (status, json) => status !== 200 || [1, 2].includes(json.ret_code as number),
  'ai-arts': (status, { code }) => status === 401 || code === 20_001,
};

function faultOfValid({ name }: Contract, status: number, json: Json): string | undefined {
  return SAYS_WRONG[name]!(status, json) ? 'a valid request is refused as if it were not' : undefined;
}
