import { contracts, openApi, type JsonSchema, type OpenApiDocument } from '@hutong/rest-compat';
import { describe, expect, it } from 'vitest';
import { openApiBreaks } from './openapi.changes.ts';

type Change = (document: OpenApiDocument) => unknown;

/** What breaks when the contracts are served in another way than now. */
function breaksOf(change: Change): string[] {
  const before = openApi(contracts);
  const after = structuredClone(before);
  change(after);
  return openApiBreaks(before, after);
}

const task = ({ paths }: OpenApiDocument) => paths['/api/v1/task_path']!.post!;
const zones = ({ paths }: OpenApiDocument) => paths['/api/v1/computing_resources']!.get!;
const resource = ({ components }: OpenApiDocument) => components.schemas['ComputingResource'] as { properties: Record<string, JsonSchema>; required: string[] };
const bodyOf = (document: OpenApiDocument) => task(document).requestBody!.content['application/json']!.schema as { properties: Record<string, JsonSchema>; required: string[] };
const orNull: Change = (document) => (resource(document).properties['gpu_model'] = { anyOf: [resource(document).properties['gpu_model'], { type: 'null' }] });
const params = ({ paths }: OpenApiDocument) => (paths['/ai_arts/api/trainings']!.post!.requestBody!.content['application/json']!.schema as { properties: Record<string, { anyOf: [JsonSchema, ...JsonSchema[]] }> }).properties['params']!;
const exitCode = ({ components }: OpenApiDocument) => (components.schemas['Training'] as { properties: Record<string, JsonSchema> }).properties['exitCode']!;
const launch = ({ components }: OpenApiDocument) => components.schemas['CloudApiLaunchInstance'] as { properties: Record<string, JsonSchema>; required: string[] };

describe('what breaks clients of a contract', () => {
  it('is nothing where nothing changes', () => {
    expect(breaksOf(() => undefined)).toEqual([]);
  });

  it.each<[string, Change, string]>([
    ['a path that is gone', ({ paths }) => delete paths['/api/v1/task_path'], 'POST /api/v1/task_path is gone'],
    ['a method that is gone', ({ paths }) => delete paths['/api/v1/computing_resources']!.get, 'GET /api/v1/computing_resources is gone'],
    ['a parameter that becomes required', (document) => (zones(document).parameters!.find(({ name }) => name === 'region')!.required = true), 'GET /api/v1/computing_resources: the parameter region has become required'],
    ['a new parameter that is required', (document) => zones(document).parameters!.push({ name: 'zone', in: 'query', required: true, schema: {} }), 'GET /api/v1/computing_resources: the parameter zone has become required'],
    ['a parameter that is gone', (document) => zones(document).parameters!.pop(), 'GET /api/v1/computing_resources: the parameter organization is no longer taken'],
    ['a parameter with a smaller maximum', (document) => (zones(document).parameters!.find(({ name }) => name === 'page_size')!.schema['maximum'] = 100), 'GET /api/v1/computing_resources: the maximum of the parameter page_size is 100 now'],
    ['a field of a body that becomes required', (document) => launch(document).required.push('token'), 'POST /cloud_api: the field token of the body (application/x-www-form-urlencoded) has become required'],
    ['a field of a body that is no longer read', (document) => delete bodyOf(document).properties['result'], 'POST /api/v1/task_path: the field result of the body (application/json) is no longer read'],
    ['another type of a field', (document) => (bodyOf(document).properties['task_id'] = { type: 'string' }), 'POST /api/v1/task_path: the field task_id of the body (application/json) no longer takes the type integer'],
    ['a value that is no longer taken', (document) => ((launch(document).properties['internet']!['enum'] as string[]).pop()), 'POST /cloud_api: the field internet of the body (application/x-www-form-urlencoded) is never "false" any more'],
    ['a kind of body that is no longer taken', ({ paths }) => delete paths['/cloud_api']!.post!.requestBody!.content['multipart/form-data'], 'POST /cloud_api: multipart/form-data is no longer taken'],
    ['a field of an answer that is gone', (document) => delete resource(document).properties['price'], 'the field price of an element of the field results of the field data of the answer 200 is gone'],
    ['a field of an answer that may be missing', (document) => (resource(document).required = resource(document).required.filter((name) => name !== 'price')), 'the field price of an element of the field results of the field data of the answer 200 may be missing now'],
    ['a field of an answer that may be null', (document) => (resource(document).properties['gpu_model']!['type'] = ['string', 'null']), 'may be of the type null now'],
    ['a field of an answer that may be null, as zod writes it', orNull, 'the field gpu_model of an element of the field results of the field data of the answer 200 may be of the type null now'],
    ['a body whose other fields are refused', (document) => ((bodyOf(document) as JsonSchema)['additionalProperties'] = false), 'POST /api/v1/task_path: the body (application/json) no longer takes fields that are not named'],
    ['a map that takes other values', (document) => (params(document).anyOf[0]['additionalProperties'] = { type: 'boolean' }), 'another field of the field params of the body (application/json) no longer takes the type string'],
    ['a bound that is exclusive', (document) => (bodyOf(document).properties['task_id']!['exclusiveMinimum'] = 5), 'POST /api/v1/task_path: the exclusiveMinimum of the field task_id of the body (application/json) is 5 now'],
    ['a status that is no longer answered', ({ paths }) => delete paths['/api/info']!.get!.responses['422'], 'GET /api/info: it no longer answers 422'],
    ['a header that is gone', ({ paths }) => delete paths['/api/ticket']!.post!.responses['429']!.headers['Retry-After'], 'POST /api/ticket: the answer 429 no longer has the header Retry-After'],
    ['a credential that becomes required', ({ paths }) => (paths['/api/status']!.get!.security = [{ token: [] }]), 'GET /api/status: a credential has become required'],
    ['a header that no longer carries the credential', (document) => (task(document).security = [{ token: [] }]), 'POST /api/v1/task_path: the credential bearer is no longer taken'],
  ])('is %s', (_what, change, sentence) => {
    expect(breaksOf(change).join('\n')).toContain(sentence);
  });

  it.each<[string, Change]>([
    ['a path', ({ paths }) => (paths['/api/new'] = structuredClone(paths['/api/info']!))],
    ['a parameter that may be left out', (document) => zones(document).parameters!.push({ name: 'zone', in: 'query', required: false, schema: {} })],
    ['a field of a body that may be left out', (document) => (bodyOf(document).properties['note'] = { type: 'string' })],
    ['a field of an answer', (document) => (resource(document).properties['colour'] = { type: 'string' })],
    ['a value', (document) => (launch(document).properties['internet']!['enum'] as string[]).push('maybe')],
    ['a kind of body', ({ paths }) => (paths['/cloud_api']!.post!.requestBody!.content['application/json'] = { schema: {} })],
    ['a failure', ({ paths }) => (paths['/api/info']!.get!.responses['418'] = { description: 'A teapot.', headers: {} })],
    ['a type that is taken', (document) => (bodyOf(document).properties['task_id']!['type'] = ['integer', 'string'])],
    ['a larger maximum', (document) => (zones(document).parameters!.find(({ name }) => name === 'page_size')!.schema['maximum'] = 10_000)],
    ['a field of an answer that is told in one of few words', (document) => (resource(document).properties['gpu_model']!['enum'] = ['RTX 3080'])],
    ['null beside a type, written in the other way', (document) => Object.assign(exitCode(document), { type: undefined, anyOf: [{ type: 'null' }, { type: 'integer' }] })],
    ['words', (document) => (document.info.description = 'other words')],
  ])('is not an addition: %s', (_what, change) => {
    expect(breaksOf(change)).toEqual([]);
  });

  it('is not that a field of an answer is never null any more', () => {
    const before = openApi(contracts);
    orNull(before);
    expect(openApiBreaks(before, openApi(contracts))).toEqual([]);
  });
});
