import fc from 'fast-check';
import type { OpenApiDocument, Operation, Schema } from '../document/openapi.document.js';
import { SchemaArbitrary } from '../document/schema.arbitrary.js';
import { mutatedJson, oddText } from '../document/value.mutation.js';
import { utf8, type Header, type RequestPlan } from '../wire/request.plan.js';
import { damaged, encoded, misnamed } from './body.arbitrary.js';
import { brokenMultipart, multipart, type FormPart } from './multipart.body.js';
import type { FuzzedWorld } from '../fuzzed.world.js';

const FORM = 'application/x-www-form-urlencoded';
const MULTIPART = 'multipart/form-data';

/** The parts of a request that are drawn apart. */
interface Drawn {
  path: string;
  query: [name: string, value: string][];
  type: string | undefined;
  body: Buffer | undefined;
}

/** Draws requests for one operation of the document. */
export class OperationArbitrary {
  readonly operation: Operation;
  readonly #document: OpenApiDocument;
  readonly #schemas: SchemaArbitrary;
  readonly #world: FuzzedWorld;

  constructor(operation: Operation, document: OpenApiDocument, world: FuzzedWorld) {
    this.operation = operation;
    this.#document = document;
    this.#world = world;
    this.#schemas = new SchemaArbitrary(document, world.valuesAt(operation.method, operation.path));
  }

  /** As the document says, by somebody who may. */
  valid(): fc.Arbitrary<RequestPlan> {
    return fc.record({ path: this.#path(this.#pathValue), query: this.#query(), body: this.#validBody() }).chain(({ body: [type, body], ...drawn }) => this.#plan({ ...drawn, type, body }));
  }

  /** With one thing wrong or several, of what the contract speaks of: values, fields, types, charsets, encodings. */
  broken(): fc.Arbitrary<RequestPlan> {
    const choices: fc.Arbitrary<RequestPlan>[] = [
      fc.record({ path: this.#path(() => oddText), query: this.#query(), body: this.#validBody() }).chain(({ body: [type, body], ...drawn }) => this.#plan({ ...drawn, type, body })),
      fc.record({ path: this.#path(this.#pathValue), query: this.#oddQuery(), body: this.#validBody() }).chain(({ body: [type, body], ...drawn }) => this.#plan({ ...drawn, type, body })),
      this.valid().chain(misnamed),
    ];
    if (Object.keys(this.operation.bodies).length > 0) {
      const mutated = fc.record({ path: this.#path(this.#pathValue), query: this.#query(), body: this.#brokenBody() }).chain(({ body: [type, body], ...drawn }) => this.#plan({ ...drawn, type, body }));
      choices.push(mutated, mutated, mutated, mutated.chain(misnamed), mutated.chain(encoded), this.valid().chain(encoded), this.valid().chain((plan) => damaged(plan.body ?? Buffer.alloc(0)).map((body) => ({ ...plan, body }))));
    }
    return fc.oneof(...choices);
  }

  /** Without a credential, or with one that is not good. */
  unknown(): fc.Arbitrary<RequestPlan> {
    const shown: (readonly Header[])[] = [[], [['token', 'ht_nobody']], [['Authorization', 'Bearer ht_nobody']], [['X-Auth-Token', this.#world.revoked]], [['Authorization', 'Basic YTpi']], [['token', 'a'], ['X-Auth-Token', 'b']], [['Cookie', `token=${this.#world.credentials[0]}`]], [['token', '']]];
    return fc.tuple(fc.oneof(this.valid(), this.broken()), fc.constantFrom(...shown)).map(([plan, headers]) => ({ ...plan, headers: [...plan.headers.filter(([name]) => !CREDENTIALS.has(name.toLowerCase())), ...headers] }));
  }

  #plan({ path, query, type, body }: Drawn): fc.Arbitrary<RequestPlan> {
    const search = query.map(([name, value]) => `${encodeText(name)}=${encodeText(value)}`).join('&');
    const { credentials, host } = this.#world;
    // A form may carry the credential itself, and nobody may show two.
    const ownCredential = body !== undefined && credentials.some((credential) => body.includes(credential));
    return fc.tuple(fc.constantFrom(...credentials), fc.nat({ max: 2 })).map(([credential, way]) => ({
      method: this.operation.method,
      target: search === '' ? path : `${path}?${search}`,
      headers: [['Host', host], ...(ownCredential ? [] : [CREDENTIAL_HEADERS[way]!(credential)]), ...(type === undefined ? [] : [['Content-Type', type] as const])],
      body,
    }));
  }

  #path(valueOf: (schema: Schema, name: string) => fc.Arbitrary<unknown>): fc.Arbitrary<string> {
    const parameters = this.operation.parameters.filter((parameter) => parameter.in === 'path');
    const slash = fc.constantFrom('', '', '', '/');
    return fc.tuple(fc.record(Object.fromEntries(parameters.map(({ name, schema }) => [name, valueOf(schema, name)]))), slash).map(([values, end]) =>
      this.operation.path.replaceAll(/\{([^}]+)\}/g, (_, name: string) => encodeText(String(values[name])) || '%20') + (this.operation.path.endsWith('/') ? '' : end));
  }

  readonly #pathValue = (schema: Schema, name: string): fc.Arbitrary<unknown> => this.#schemas.of(schema, name).filter((value) => !['', '.', '..'].includes(String(value)));

  #query(): fc.Arbitrary<[string, string][]> {
    const parameters = this.operation.parameters.filter((parameter) => parameter.in === 'query');
    const values = fc.record(Object.fromEntries(parameters.map(({ name, schema }) => [name, this.#schemas.of(schema, name)])), { requiredKeys: parameters.filter(({ required }) => required).map(({ name }) => name) });
    return values.map((chosen) => Object.entries(chosen).filter(([, value]) => value !== undefined).map(([name, value]): [string, string] => [name, String(value)]));
  }

  #oddQuery(): fc.Arbitrary<[string, string][]> {
    const names = this.operation.parameters.filter((parameter) => parameter.in === 'query').map(({ name }) => name);
    const odd = fc.array(fc.tuple(fc.constantFrom(...names, ...names.map((name) => `${name}[]`), '__proto__', 'x', ''), oddText), { minLength: 1, maxLength: 4 });
    return fc.tuple(this.#query(), odd).map(([sound, more]) => [...sound.filter(([name]) => !more.some(([other]) => other === name && other.length % 2 === 0)), ...more]);
  }

  #validBody(): fc.Arbitrary<[type: string | undefined, body: Buffer | undefined]> {
    const bodies = Object.entries(this.operation.bodies);
    if (bodies.length === 0) return fc.constant([undefined, undefined]);
    const given = fc.oneof(...bodies.map(([type, schema]) => this.#bodyOf(type, schema)));
    return this.operation.isBodyRequired ? given : fc.oneof({ weight: 4, arbitrary: given }, { weight: 1, arbitrary: fc.constant<[undefined, undefined]>([undefined, undefined]) });
  }

  #bodyOf(type: string, schema: Schema): fc.Arbitrary<[string | undefined, Buffer | undefined]> {
    if (type === MULTIPART) return this.#parts(schema).map((parts) => formOf(multipart(parts)));
    const value = this.#schemas.of(schema);
    if (type === FORM) return value.map((fields) => [type, formText(fields)]);
    return value.map((sound) => [type, Buffer.from(JSON.stringify(sound))]);
  }

  #brokenBody(): fc.Arbitrary<[string | undefined, Buffer | undefined]> {
    return fc.oneof(...Object.entries(this.operation.bodies).map(([type, schema]): fc.Arbitrary<[string | undefined, Buffer | undefined]> => {
      if (type === MULTIPART) return brokenMultipart(this.#parts(schema)).map(formOf);
      if (type !== FORM) return mutatedJson(this.#schemas.of(schema)).map((text) => [type, Buffer.from(text)]);
      const names = Object.keys(this.#document.resolve(schema).properties ?? {});
      const odd = fc.array(fc.tuple(fc.constantFrom(...names, '__proto__', 'x', ''), oddText), { minLength: 1, maxLength: 4 });
      return fc.tuple(this.#schemas.of(schema), odd, fc.boolean()).map(([sound, more, first]) => {
        const added = Buffer.from(more.map(([name, text]) => `${encodeText(name)}=${encodeText(text)}`).join('&'));
        const amp = Buffer.from('&');
        return [type, Buffer.concat(first ? [added, amp, formText(sound)] : [formText(sound), amp, added])];
      });
    }));
  }

  #parts(given: Schema): fc.Arbitrary<FormPart[]> {
    const schema = this.#document.resolve(given);
    const alternatives = schema.oneOf as Schema[] | undefined;
    if (alternatives) return fc.oneof(...alternatives.map((alternative) => this.#parts(alternative)));
    const required = new Set((schema.required ?? []) as string[]);
    const parts = Object.entries((schema.properties ?? {}) as Record<string, Schema>).map(([name, property]): fc.Arbitrary<FormPart | undefined> => {
      const { format, contentMediaType } = this.#document.resolve(property);
      const part = format === 'binary' || contentMediaType !== undefined
        ? this.#file(name)
        : this.#schemas.of(property, name).map((value) => (value === undefined || value === null ? undefined : { name, bytes: Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)) }));
      return required.has(name) ? part : fc.option(part, { nil: undefined });
    });
    return fc.tuple(...parts).map((chosen) => chosen.filter((part) => part !== undefined));
  }

  #file(name: string): fc.Arbitrary<FormPart> {
    return fc.constantFrom(...this.#world.files).map(({ filename, bytes }) => ({ name, filename, bytes }));
  }
}

const CREDENTIALS: ReadonlySet<string> = new Set(['token', 'x-auth-token', 'authorization']);
const CREDENTIAL_HEADERS: readonly ((credential: string) => Header)[] = [(credential) => ['token', credential], (credential) => ['X-Auth-Token', credential], (credential) => ['Authorization', `Bearer ${credential}`]];

const formOf = ({ type, bytes }: { type: string; bytes: Buffer }): [string, Buffer] => [type, bytes];
const formText = (fields: unknown): Buffer => Buffer.from(new URLSearchParams(Object.entries(fields as object).map(([name, value]): [string, string] => [name, String(value)])).toString());

/** Percent-encoded UTF-8, also of what has halves of surrogate pairs. */
const encodeText = (text: string): string => utf8(text).replaceAll(/[^A-Za-z0-9_.~-]/g, (byte) => `%${byte.charCodeAt(0).toString(16).padStart(2, '0')}`);
