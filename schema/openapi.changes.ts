import type { OpenApiDocument, Operation } from '@hutong/rest-compat';
import { schemaBreaks, type Schemas } from './schema.changes.ts';

type Responses = Operation['responses'];

/**
 * What a client of one version of a document can no longer do with the next; one sentence for each. What is only added is
 * none: paths, parameters and fields that may be left out, fields of answers, values, media types, failures.
 */
export function openApiBreaks(before: OpenApiDocument, after: OpenApiDocument): string[] {
  const schemas: Schemas = { before: before.components.schemas, after: after.components.schemas };
  return operations(before).flatMap(({ name, path, method, operation }) => {
    const now = after.paths[path]?.[method];
    return now ? operationBreaks(operation, now, schemas).map((fault) => `${name}: ${fault}`) : [`${name} is gone`];
  });
}

function operations({ paths }: OpenApiDocument) {
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ name: `${method.toUpperCase()} ${path}`, path, method: method as keyof typeof methods, operation })));
}

function operationBreaks(before: Operation, after: Operation, schemas: Schemas): string[] {
  return [...credentialBreaks(before, after), ...parameterBreaks(before, after, schemas), ...bodyBreaks(before.requestBody, after.requestBody, schemas), ...answerBreaks(before.responses, after.responses, schemas)];
}

function credentialBreaks(before: Operation, after: Operation): string[] {
  if (after.security.length === 0) return [];
  if (before.security.length === 0) return ['a credential has become required'];
  const taken = after.security.map((requirement) => Object.keys(requirement).join(' and '));
  const gone = before.security.map((requirement) => Object.keys(requirement).join(' and ')).filter((name) => !taken.includes(name));
  return gone.map((name) => (name === '' ? 'a credential has become required' : `the credential ${name} is no longer taken`));
}

function parameterBreaks({ parameters: before = [] }: Operation, { parameters: after = [] }: Operation, schemas: Schemas): string[] {
  const find = (list: typeof before, { name, in: place }: { name: string; in: string }) => list.find((parameter) => parameter.name === name && parameter.in === place);
  return [
    ...after.filter((parameter) => parameter.required && !find(before, parameter)?.required).map(({ name }) => `the parameter ${name} has become required`),
    ...before.flatMap((parameter) => {
      const now = find(after, parameter);
      return now ? schemaBreaks(parameter.schema, now.schema, `the parameter ${parameter.name}`, 'sent', schemas) : [`the parameter ${parameter.name} is no longer taken`];
    }),
  ];
}

function bodyBreaks(before: Operation['requestBody'], after: Operation['requestBody'], schemas: Schemas): string[] {
  if (!after) return before ? ['the body is no longer taken'] : [];
  const required = after.required && !before?.required ? ['the body has become required'] : [];
  const contents = Object.entries(before?.content ?? {}).flatMap(([type, { schema }]) => {
    const now = after.content[type];
    return now ? schemaBreaks(schema, now.schema, `the body (${type})`, 'sent', schemas) : [`${type} is no longer taken`];
  });
  return [...required, ...contents];
}

function answerBreaks(before: Responses, after: Responses, schemas: Schemas): string[] {
  return Object.entries(before).flatMap(([status, answer]) => {
    const now = after[status];
    if (!now) return [`it no longer answers ${status}`];
    const headers = Object.keys(answer.headers).filter((name) => !(name in now.headers)).map((name) => `the answer ${status} no longer has the header ${name}`);
    const contents = Object.entries(answer.content ?? {}).flatMap(([type, { schema }]) => {
      const content = now.content?.[type];
      return content ? schemaBreaks(schema, content.schema, `the answer ${status}`, 'read', schemas) : [`it no longer answers ${status} as ${type}`];
    });
    return [...headers, ...contents];
  });
}
