import fc from 'fast-check';
import { isInputObjectType, getNamedType, type GraphQLSchema } from 'graphql';
import { mutatedJson, oddText } from '../document/value.mutation.js';
import type { FuzzedWorld } from '../fuzzed.world.js';
import { inputPlaces, rootFields, sampleVariables, withValue } from '../../testkit/public-graph.js';
import { utf8, withHeaders, type RequestPlan } from '../wire/request.plan.js';
import { damaged, encoded, misnamed } from './body.arbitrary.js';
import { brokenMultipart, multipart, type FormPart } from './multipart.body.js';

/** Mutations after which nobody could go on with what they have. */
const SPOILING = /^log|ticket|password|token|user/i;

const ODD_DOCUMENTS = ['', '{', '{ __typename', '{ nobody }', 'query A { __typename } query B { __typename }', 'fragment F on Query { __typename }', '# nothing', '\ufeff{ __typename }', '{ __typename @include(if: 1) }', '{ me { ...F } } fragment F on User { ...F }', 'subscription { taskChanged { id } }', '{ __schema { types { name } } }',
  '{ a: __typename a: me { id } }', 'query ($x: Int) { users(first: $x) { totalCount } }', '{ users(first: 99999999999) { totalCount } }', '{ users(first: "\u0000") { totalCount } }', '{ node(id: "\\ud800") { id } }', '{ """ }', '{ _service { sdl } }', `{ ${'a'.repeat(3_000)} }`, '{ __proto__ }', '{ constructor { prototype } }', 'mutation { nobody }', '互通', '\u0000'];

const EXTENSIONS: readonly unknown[] = [{}, null, [], 'x', { persistedQuery: null }, { persistedQuery: { version: 1, sha256Hash: 'f'.repeat(64) } }, { persistedQuery: { version: 2, sha256Hash: 'x' } }, { persistedQuery: { version: 1, sha256Hash: 7 } }, { constructor: 1 }];
const ACCEPTS = [undefined, '*/*', 'application/json', 'application/graphql-response+json', 'application/graphql-response+json;q=0, application/json', 'text/event-stream', 'text/html', 'multipart/mixed', 'image/png', ''];

/** Requests to `/graphql`: whatever HTTP may bring there. */
export class GraphArbitrary {
  readonly #world: FuzzedWorld;
  readonly #operations: readonly { query: string; variables: Record<string, unknown> }[];

  constructor(schema: GraphQLSchema, world: FuzzedWorld) {
    this.#world = world;
    const fields = rootFields(schema).filter(({ kind, name, arguments: taken }) => (kind === 'query' || !SPOILING.test(name)) && !taken.some(({ type }) => takesFile(type)));
    this.#operations = fields.flatMap((field) => {
      const variables = sampleVariables(field);
      const places = inputPlaces(field);
      return [{ query: field.document, variables }, ...places.slice(0, 3).map(({ path }) => ({ query: field.document, variables: withValue(variables, path, 'x') }))];
    });
  }

  any(): fc.Arbitrary<RequestPlan> {
    const valid = this.#post(fc.constantFrom(...this.#operations).map((operation) => JSON.stringify(operation)));
    return fc.tuple(fc.oneof(
      { weight: 2, arbitrary: valid },
      { weight: 4, arbitrary: this.#post(mutatedJson(fc.constantFrom(...this.#operations))) },
      { weight: 2, arbitrary: this.#post(mutatedJson(fc.record({ query: fc.constantFrom(...ODD_DOCUMENTS), operationName: fc.constantFrom('A', '', null, 7, 'toString'), extensions: fc.constantFrom(...EXTENSIONS) }, { requiredKeys: [] }))) },
      { weight: 2, arbitrary: valid.chain(misnamed) },
      { weight: 1, arbitrary: valid.chain(encoded) },
      { weight: 2, arbitrary: valid.chain((plan) => damaged(plan.body!).map((body) => ({ ...plan, body }))) },
      { weight: 2, arbitrary: this.#get() },
      { weight: 2, arbitrary: this.#upload() },
    ), fc.constantFrom(...ACCEPTS)).map(([plan, accept]) => withHeaders(plan, accept === undefined ? {} : { accept }));
  }

  #post(text: fc.Arbitrary<string>): fc.Arbitrary<RequestPlan> {
    return text.map((body) => ({ ...this.#plan('POST', '/graphql', [['Content-Type', 'application/json']]), body: Buffer.from(body) }));
  }

  #get(): fc.Arbitrary<RequestPlan> {
    const parameters = fc.record({
      query: fc.oneof(fc.constantFrom(...ODD_DOCUMENTS), fc.constantFrom(...this.#operations).map(({ query }) => query), oddText),
      variables: fc.oneof(fc.constantFrom('{}', '[]', 'null', 'x', '{"first":1}', '{'), oddText),
      extensions: fc.oneof(fc.constantFrom(...EXTENSIONS).map((value) => JSON.stringify(value)), oddText),
      operationName: oddText,
    }, { requiredKeys: [] });
    return fc.tuple(parameters, fc.boolean()).map(([given, preflight]) => {
      const search = Object.entries(given).map(([name, value]) => `${name}=${utf8(value ?? '').replaceAll(/[^A-Za-z0-9_.~-]/g, (byte) => `%${byte.charCodeAt(0).toString(16).padStart(2, '0')}`)}`).join('&');
      return this.#plan('GET', `/graphql?${search}`, preflight ? [['apollo-require-preflight', 'true']] : []);
    });
  }

  #upload(): fc.Arbitrary<RequestPlan> {
    const query = 'mutation ($input: UploadFilesInput!) { uploadFiles(input: $input) { id } }';
    const operations = fc.oneof(fc.constant(JSON.stringify({ query, variables: { input: { purpose: 'CODE', file: null } } })), mutatedJson(fc.constant({ query, variables: { input: { purpose: 'CODE', file: null } } })));
    const map = fc.oneof(fc.constantFrom('{"0":["variables.input.file"]}', '{}', '[]', 'null', '{"0":"variables.input.file"}', '{"0":["variables.__proto__.x"]}', '{"0":["x"]}', '{"0":[]}', '{"__proto__":["variables.input.file"]}', '{"0":["variables.input.file","variables.input.file"]}', '{"1":["variables.input.file"]}', '{"0":["variables.input.constructor.prototype.x"]}'), oddText);
    const text = (name: string, value: string): FormPart => ({ name, bytes: Buffer.from(value) });
    const file = fc.constantFrom(...this.#world.files).map(({ filename, bytes }): FormPart => ({ name: '0', filename, bytes }));
    const parts = fc.tuple(operations, map, file, fc.nat({ max: 9 })).map(([sent, told, content, order]): FormPart[] => {
      const usual = [text('operations', sent), text('map', told), content];
      return order === 0 ? usual.toReversed() : order === 1 ? usual.slice(0, 2) : order === 2 ? usual.slice(1) : usual;
    });
    const form = fc.oneof(parts.map(multipart), brokenMultipart(parts));
    return fc.tuple(form, fc.nat({ max: 4 })).map(([{ type, bytes }, without]) => ({ ...this.#plan('POST', '/graphql', [['Content-Type', type], ...(without === 0 ? [] : [['apollo-require-preflight', 'true'] as const])]), body: bytes }));
  }

  #plan(method: string, target: string, headers: RequestPlan['headers']): RequestPlan {
    return { method, target, headers: [['Host', this.#world.host], ['token', this.#world.credentials[0]!], ...headers] };
  }
}

const takesFile = (type: Parameters<typeof getNamedType>[0]): boolean => {
  const named = getNamedType(type)!;
  return named.name === 'Upload' || (isInputObjectType(named) && Object.values(named.getFields()).some((field) => getNamedType(field.type).name === 'Upload'));
};
