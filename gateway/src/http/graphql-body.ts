import { badInput, HutongError, limitExceeded } from '@hutong/common';
import express, { type ErrorRequestHandler, type RequestHandler } from 'express';
import { checkJson } from '../limits/json.check.js';
import type { Limits } from '../limits/limits.js';
import { isMultipart } from '../uploads/upload-body.js';
import { refuse } from './failure.js';

const UTF_8 = /^utf-?8$/i;
const utf8 = new TextDecoder('utf-8', { fatal: true });

/** A body that was refused, with the status it is refused with. */
class Refusal extends Error {
  constructor(
    readonly error: HutongError,
    readonly status: number,
  ) {
    super(error.message, { cause: error });
  }
}

/**
 * Reads the JSON body of a POST to the graph; `uploads` takes in those with files. A form or plain text, which a page of
 * another site could make a browser send, is refused with a text that says which header to send; so are broken UTF-8,
 * broken JSON and batches.
 */
export function graphqlBody(limits: Limits, uploads: RequestHandler): [RequestHandler, RequestHandler, RequestHandler, RequestHandler, ErrorRequestHandler] {
  const { bodyBytes } = limits;
  return [checkType, uploads, express.raw({ type: (request) => !isMultipart(request), limit: bodyBytes }), decode(limits), refuseBody(bodyBytes)];
}

const checkType: RequestHandler = (request, response, next) => {
  if (request.method !== 'POST' && request.method !== 'GET') {
    response.setHeader('allow', 'GET, POST');
    throw new Refusal(badInput({ problem: 'only GET and POST are answered here' }), 405);
  }
  if (request.method !== 'POST' || isMultipart(request)) return next();
  const [type = '', ...parameters] = (request.headers['content-type'] ?? '').split(';').map((part) => part.trim());
  const charset = parameters.map((parameter) => /^charset="?([^"]*)"?$/i.exec(parameter)?.[1]).find((name) => name !== undefined);
  if (type.toLowerCase() !== 'application/json') {
    throw new Refusal(badInput({ problem: `Content-Type: expected application/json, got ${type === '' ? 'none' : JSON.stringify(type.slice(0, 80))}; send the header "Content-Type: application/json" with a JSON body` }), 415);
  }
  if (charset !== undefined && !UTF_8.test(charset)) throw new Refusal(badInput({ problem: 'Content-Type: expected charset=utf-8' }), 415);
  next();
};

/** Leaves an operation that was read before, with files or in the usual form. */
const decode = (limits: Limits): RequestHandler => (request, _response, next) => {
  const body: unknown = request.body;
  const isRead = body !== undefined && !(body instanceof Buffer);
  // Apollo Server asks that a body was looked for, also where there is none.
  if (!isRead) request.body = request.method === 'POST' ? parseBody(body ?? Buffer.alloc(0), limits) : undefined;
  next();
};

/** The JSON in a body. @throws Refusal, LIMIT_EXCEEDED */
export function parseBody(bytes: Buffer, limits: Limits): object {
  if (bytes.length === 0) throw bad('the body is empty; send {"query": "…", "variables": {…}}');
  checkJson(bytes, limits);
  let text: string;
  try {
    text = utf8.decode(bytes);
  } catch {
    throw bad('the body is not valid UTF-8');
  }
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch (error) {
    throw bad(`the body is not valid JSON: ${(error as Error).message}`);
  }
  if (Array.isArray(body)) throw bad('the body is a batch; send one operation in each request');
  if (typeof body !== 'object' || body === null) throw bad('the body must be a JSON object: {"query": "…", "variables": {…}}');
  return body;
}

const bad = (problem: string): Refusal => new Refusal(badInput({ problem }), 400);

const refuseBody =
  (bodyBytes: number): ErrorRequestHandler =>
  (error: unknown, request, response, next) => {
    if (error instanceof Refusal) return refuse(request, response, error.error, error.status);
    if (error instanceof HutongError) return refuse(request, response, error);
    const { type, status } = error as { type?: string; status?: number };
    if (type === 'request.aborted') return void response.destroy();
    if (type === 'entity.too.large') return refuse(request, response, limitExceeded({ limit: 'body', allowed: `${bodyBytes} bytes` }), 413);
    if (type === 'encoding.unsupported') return refuse(request, response, badInput({ problem: 'Content-Encoding: expected gzip, deflate, br or none' }), 415);
    if (status !== undefined && status < 500) return refuse(request, response, badInput({ problem: 'the body cannot be read in its Content-Encoding or Content-Length' }), 400);
    next(error);
  };
