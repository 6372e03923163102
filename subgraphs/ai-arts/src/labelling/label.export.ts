import { createWriteStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { HutongError, type Caller } from '@hutong/common';
import { Agent, errors, type Dispatcher } from 'undici';
import { labelServerUnavailable, labelsInvalid } from '../errors.js';
import type { CallerAssertions } from './caller.assertion.js';
import type { LabelServer } from './label.server.js';

export interface LabelExportParts {
  server: LabelServer;
  assertions: CallerAssertions;
  settings: { idleMs: number; importBytes: number };
}

const CONNECT_MS = 3_000;
/** Within the label server; others are not followed. */
const MOST_REDIRECTS = 3;
/** Refusals that say something of the server, and not of the project. */
const NOT_OF_THE_PROJECT = new Set([401, 407, 408, 429]);

const OF_THE_DISK = new Set(['ENOSPC', 'EDQUOT', 'EACCES', 'EEXIST', 'ENOENT', 'EROFS', 'EIO', 'EMFILE']);

/** Gets the labels of projects from the label server. */
export class LabelExport {
  readonly #parts: LabelExportParts;
  readonly #agent: Agent;

  constructor(parts: LabelExportParts) {
    this.#parts = parts;
    const { idleMs } = parts.settings;
    this.#agent = new Agent({ connect: { timeout: CONNECT_MS }, headersTimeout: idleMs, bodyTimeout: idleMs });
  }

  /**
   * Writes the labels of a project, as the server gives them to a caller, to a file.
   *
   * @throws LABEL_SERVER_UNAVAILABLE, LABELS_INVALID when it has no such project for the caller, or they are too large; the signal's reason
   */
  async save(project: string, caller: Caller, file: string, count: (body: AsyncIterable<Uint8Array>) => AsyncIterable<Uint8Array>, signal: AbortSignal): Promise<void> {
    try {
      const { body } = await this.#ask(project, caller, signal);
      await pipeline(count(body), atMost(this.#parts.settings.importBytes), createWriteStream(file, { flags: 'wx', mode: 0o600 }), { signal });
    } catch (error) {
      signal.throwIfAborted();
      throw this.#told(error);
    }
  }

  close(): Promise<void> {
    return this.#agent.destroy();
  }

  async #ask(project: string, caller: Caller, signal: AbortSignal): Promise<Dispatcher.ResponseData> {
    const { server, assertions } = this.#parts;
    let path = server.exportPath(project);
    for (let left = MOST_REDIRECTS; ; left -= 1) {
      const headers = { authorization: `Bearer ${await assertions.sign(caller)}`, accept: 'application/json, application/zip;q=0.9', 'accept-encoding': 'identity' };
      const answer = await this.#agent.request({ origin: server.origin, path, method: 'GET', headers, signal });
      if (answer.statusCode === 200 && answer.headers['content-encoding'] === undefined) return answer;
      answer.body.on('error', () => undefined).destroy();
      const to = answer.statusCode >= 300 && answer.statusCode < 400 ? server.locate(String(answer.headers.location ?? ''), path) : undefined;
      if (!to || !('rest' in to) || left === 0) throw refusal(answer, project, to !== undefined);
      path = server.pathOf(to.rest.replace(/#.*$/, ''));
    }
  }

  #told(error: unknown): unknown {
    if (error instanceof HutongError || OF_THE_DISK.has((error as NodeJS.ErrnoException).code ?? '')) return error;
    const { idleMs } = this.#parts.settings;
    const isSlow = error instanceof errors.HeadersTimeoutError || error instanceof errors.BodyTimeoutError;
    return labelServerUnavailable({ problem: isSlow ? `did not go on for ${idleMs / 1_000} s while it gave the labels` : 'does not answer, or broke off while it gave the labels', cause: error });
  }
}

function refusal({ statusCode: status, headers }: Dispatcher.ResponseData, project: string, isRedirect: boolean): HutongError {
  if (status === 401) return labelServerUnavailable({ problem: 'does not take our word for who asks (it answered 401); an administrator has to look at how it verifies assertions' });
  if (isRedirect) return labelServerUnavailable({ problem: `redirects from the labels to elsewhere (${status}), or again and again, which is not followed` });
  if (status === 200) return labelServerUnavailable({ problem: `gives the labels as ${JSON.stringify(String(headers['content-encoding']).slice(0, 20))}, which was not asked for` });
  if (status >= 400 && status < 500 && !NOT_OF_THE_PROJECT.has(status)) return labelsInvalid({ problem: `the label server answered ${status} for the project ${JSON.stringify(project)}` });
  return labelServerUnavailable({ problem: `answered ${status} for the labels` });
}

/** @throws LABELS_INVALID as soon as they are too many */
const atMost = (bytes: number) =>
  async function* limited(body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void, void> {
    let come = 0;
    for await (const chunk of body) {
      come += chunk.length;
      if (come > bytes) throw labelsInvalid({ problem: `they have more than ${bytes} bytes (LABEL_IMPORT_BYTES)` });
      yield chunk;
    }
  };
