/** A JSON schema of the dialect of OpenAPI 3.1 (2020-12). */
export type JsonSchema = Record<string, unknown>;

export interface Reference {
  $ref: string;
}

export interface MediaType {
  schema: JsonSchema;
  examples?: Record<string, { summary?: string; value: unknown }>;
}

export interface Parameter {
  name: string;
  in: 'path' | 'query' | 'header';
  required: boolean;
  description?: string;
  schema: JsonSchema;
  example?: unknown;
}

export interface Response {
  description: string;
  headers: Record<string, Reference>;
  content?: Record<string, MediaType>;
}

export interface Operation {
  operationId: string;
  tags: string[];
  summary: string;
  description: string;
  security: Record<string, string[]>[];
  parameters?: Parameter[];
  requestBody?: { required: boolean; content: Record<string, MediaType> };
  responses: Record<string, Response>;
  /** The stored operation of the graph that the row runs; of a path whose forms name their row, one for each command; absent where none is run. */
  'x-hutong-operation'?: string | Record<string, string>;
  /** Another path of the same row. */
  deprecated?: boolean;
}

export type Method = 'get' | 'post' | 'put' | 'patch' | 'delete';

/** An OpenAPI 3.1 document, as far as ours use it. */
export interface OpenApiDocument {
  openapi: '3.1.1';
  info: { title: string; version: string; description: string; license: { name: string; identifier: string } };
  servers: { url: string; description: string }[];
  tags: { name: string; 'x-displayName': string; description: string }[];
  'x-tagGroups'?: { name: string; tags: string[] }[];
  paths: Record<string, Partial<Record<Method, Operation>>>;
  components: {
    securitySchemes: Record<string, Record<string, unknown>>;
    headers: Record<string, unknown>;
    schemas: Record<string, JsonSchema>;
  };
}
