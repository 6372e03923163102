import type { IncomingMessage, ServerResponse } from 'node:http';
import { httpServer } from '@hutong/common/testkit';

/** Answers one request; its body has been read. */
export type S3Script = (request: IncomingMessage & { url: string; method: string }, response: ServerResponse, body: Buffer) => void;

/** What only looks like an S3 server, for what a real one does too seldom. */
export interface ScriptedS3 {
  url: string;
  /** What answers from now on. */
  script: S3Script;
  /** Method and URL of each request so far. */
  requests: string[];
  stop(): Promise<void>;
}

export async function startScriptedS3(): Promise<ScriptedS3> {
  const { url, stop } = await httpServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk)).on('end', () => {
      scripted.requests.push(`${request.method} ${request.url}`);
      scripted.script(request as Parameters<S3Script>[0], response, Buffer.concat(chunks));
    });
  });
  const scripted: ScriptedS3 = {
    url,
    stop,
    script: (_, response) => void response.writeHead(500).end(),
    requests: [],
  };
  return scripted;
}

/** An error as S3 tells it. */
export const s3Error = (status: number, code: string): S3Script => (request, response) => {
  const body = `<?xml version="1.0"?><Error><Code>${code}</Code><Message>words of the server</Message></Error>`;
  response.writeHead(status, { 'content-type': 'application/xml' }).end(request.method === 'HEAD' ? undefined : body);
};

/** A document of S3. */
export const s3Answer = (response: ServerResponse, xml: string): void => void response.writeHead(200, { 'content-type': 'application/xml' }).end(`<?xml version="1.0"?>${xml}`);
