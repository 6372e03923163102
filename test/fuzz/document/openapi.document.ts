import type { Platform } from '../../testkit/platform.js';

/** A JSON Schema, with its references put in place as they are met. */
export type Schema = { [keyword: string]: unknown };

export interface Parameter {
  name: string;
  in: 'path' | 'query' | 'header';
  required: boolean;
  schema: Schema;
}

/** What can be asked for at one path with one method. */
export interface Operation {
  method: string;
  /** With its parameters in braces, as the document writes it. */
  path: string;
  parameters: readonly Parameter[];
  /** The schema of the body, for each media type. */
  bodies: Readonly<Record<string, Schema>>;
  isBodyRequired: boolean;
  /** For each status, by media type. */
  responses: Readonly<Record<string, Readonly<Record<string, Schema>>>>;
}

type Json = Record<string, unknown>;
const METHODS = ['get', 'head', 'post', 'put', 'patch', 'delete', 'options'];

/** The OpenAPI document that a platform serves. */
export class OpenApiDocument {
  readonly operations: readonly Operation[];
  readonly #root: Json;

  constructor(root: Json) {
    this.#root = root;
    this.operations = Object.entries(root.paths as Json).flatMap(([path, item]) => this.#operationsOf(path, item as Json));
  }

  static async of({ legacyUrl }: Platform): Promise<OpenApiDocument> {
    const response = await fetch(`${legacyUrl}/openapi.json`);
    return new OpenApiDocument((await response.json()) as Json);
  }

  /** What a value of the document stands for. */
  resolve(value: Schema): Schema {
    let schema = value;
    while (typeof schema.$ref === 'string') schema = schema.$ref.split('/').slice(1).reduce<unknown>((place, step) => (place as Json)[unescaped(step)], this.#root) as Schema;
    return schema;
  }

  /** A schema that can be used apart from the document. */
  selfContained(schema: Schema): Schema {
    return { $schema: 'https://json-schema.org/draft/2020-12/schema', ...(this.#inlined(schema) as Schema) };
  }

  #inlined(value: unknown): unknown {
    if (Array.isArray(value)) return value.map((item) => this.#inlined(item));
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(Object.entries(this.resolve(value as Schema)).map(([name, part]) => [name, this.#inlined(part)]));
  }

  #operationsOf(path: string, item: Json): Operation[] {
    return METHODS.flatMap((method) => {
      const operation = item[method] as Json | undefined;
      if (!operation) return [];
      const parameters = [...((item.parameters ?? []) as Schema[]), ...((operation.parameters ?? []) as Schema[])].map((parameter) => this.resolve(parameter));
      const body = operation.requestBody === undefined ? undefined : this.resolve(operation.requestBody as Schema);
      return [{
        method: method.toUpperCase(),
        path,
        parameters: parameters.map(({ name, in: place, required = false, schema = {} }) => ({ name, in: place, required, schema }) as Parameter),
        bodies: schemasOf(body),
        isBodyRequired: body?.required === true,
        responses: Object.fromEntries(Object.entries(operation.responses as Record<string, Schema>).map(([status, response]) => [status, schemasOf(this.resolve(response))])),
      }];
    });
  }
}

const unescaped = (step: string): string => decodeURIComponent(step).replaceAll('~1', '/').replaceAll('~0', '~');

const schemasOf = (holder: Schema | undefined): Record<string, Schema> =>
  Object.fromEntries(Object.entries((holder?.content ?? {}) as Record<string, { schema?: Schema }>).map(([type, { schema = {} }]) => [type, schema]));
