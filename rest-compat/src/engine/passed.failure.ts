import { REFUSED } from '@hutong/common/process';
import type { ServerResponse } from 'node:http';
import { send } from './answer.js';
import { failureAnswer, type FailedRequest } from './failure.answer.js';
import { failure, type FailureCode } from './failure.js';
import type { Log } from './settings.js';

type Head = (status: number, ...rest: unknown[]) => ServerResponse;

/** Has what the platform refuses of a request that was passed on told in the envelope of the request's contract. Any other answer goes out as it is. */
export function tellRefusals(response: ServerResponse, failed: FailedRequest, log: Log): void {
  const { writeHead, flushHeaders, write, end } = response;
  const begin = writeHead.bind(response) as Head;
  const asItIs = () => Object.assign(response, { writeHead, flushHeaders, write, end });
  const head: Head = (status, ...rest) => {
    const code = refusalOf(rest.at(-1));
    if (code === undefined || !Object.hasOwn(failed.contract.errors, code)) {
      asItIs();
      return begin(status, ...rest);
    }
    const chunks: Buffer[] = [];
    const keep = (chunk: unknown) => {
      if (typeof chunk === 'string' || chunk instanceof Uint8Array) chunks.push(Buffer.from(chunk as Uint8Array));
      return true;
    };
    const tell = (chunk?: unknown) => {
      keep(chunk);
      asItIs();
      send(response, failureAnswer(failure(code as FailureCode, messageOf(Buffer.concat(chunks))), failed, log), failed.requestId);
      return response;
    };
    return Object.assign(response, { flushHeaders: () => undefined, write: keep, end: tell });
  };
  Object.assign(response, { writeHead: head });
}

/** The code of a failure; undefined for any other answer. */
function refusalOf(headers: unknown): string | undefined {
  if (typeof headers !== 'object' || headers === null) return undefined;
  const code: unknown = (headers as Record<string, unknown>)[REFUSED];
  return typeof code === 'string' ? code : undefined;
}

/** What a refusal says; nothing to HEAD, whose answer has no body. */
function messageOf(body: Buffer): string {
  if (body.length === 0) return '';
  const { errors } = JSON.parse(body.toString()) as { errors: [{ message: string }] };
  return errors[0].message;
}
