import { AsyncLocalStorage } from 'node:async_hooks';
import { randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { badInput, HutongError, requireAccess, shownFailure, type Log, type RequestScope } from '@hutong/common';
import { ERRORS, Server, type Upload } from '@tus/server';
import { filesTooLarge, notYours } from '../../errors.js';
import { asShown } from '../store.failure.js';
import type { UploadService } from '../upload.service.js';
import type { ResumableProgress } from './resumable.progress.js';
import { requestOf } from './resumable.request.js';
import type { ResumableStore, ResumableUpload } from './resumable.store.js';

/** Where files are sent to by the tus protocol, below the address of the graph. */
export const UPLOADS = '/ai_arts/uploads';

export interface ResumableLimits {
  /** Bytes of one file. */
  bytes: number;
}

export interface ResumableParts {
  store: ResumableStore;
  progress: ResumableProgress;
  uploads: UploadService;
  limits: ResumableLimits;
  /** Counts an upload that could not become a set, and may yet. */
  reserveAgain: (upload: ResumableUpload) => Promise<void>;
  log: Log;
}

type Scope = Pick<RequestScope, 'caller' | 'origin' | 'requestId'>;

const SWEEP_MS = 10 * 60 * 1_000;
/** What the protocol calls a server's fault is one of the request here. */
const UNSUPPORTED = new Map<unknown, { field: string; problem: string }>([
  [ERRORS.UNSUPPORTED_CONCATENATION_EXTENSION, { field: 'Upload-Concat', problem: 'uploads are not put together of others; send the file as one upload' }],
  [ERRORS.UNSUPPORTED_CREATION_DEFER_LENGTH_EXTENSION, { field: 'Upload-Defer-Length', problem: 'the size must be known; send it as Upload-Length' }],
]);
/** Where an answer says what an upload became. */
const RESULT = 'Upload-Path';

/**
 * Uploads that may be resumed, by tus 1.0 (creation, creation-with-upload, expiration, termination). One that is whole becomes
 * a set of files before its last request is answered; the answer, and every later HEAD, says its path.
 */
export class ResumableUploads {
  readonly #parts: ResumableParts;
  readonly #server: Server;
  readonly #scopes = new AsyncLocalStorage<Scope>();
  readonly #finishing = new Map<string, Promise<string>>();
  readonly #stop = new AbortController();
  readonly #sweeping: NodeJS.Timeout;

  constructor(parts: ResumableParts) {
    this.#parts = parts;
    this.#server = new Server({
      path: UPLOADS,
      datastore: parts.store,
      relativeLocation: true,
      maxSize: parts.limits.bytes,
      namingFunction: () => randomUUID(),
      // Pages of other sites have nothing to send here.
      allowedOrigins: () => false,
      onIncomingRequest: (_, id) => this.#authorise(id),
      onUploadCreate: async (_, upload) => this.#begin(upload),
      onUploadFinish: async (_, { id }) => ({ headers: { [RESULT]: encodeURI(await this.#finish(id)) } }),
      onResponseError: (_, error) => this.#told(error),
    });
    this.#sweeping = setInterval(() => void this.#sweep(), SWEEP_MS).unref();
    void this.#sweep();
  }

  /** Answers requests of the protocol. Errors beside its own: UNAUTHENTICATED, FORBIDDEN, NOT_YOURS, BAD_INPUT, LIMIT_EXCEEDED, FILES_TOO_LARGE, and those of `uploadFiles`. */
  async answer(request: IncomingMessage, response: ServerResponse, scope: Scope): Promise<void> {
    if (request.method !== 'OPTIONS') requireAccess('member', scope, 'ai-arts:write');
    response.setHeader('x-content-type-options', 'nosniff');
    await this.#scopes.run(scope, async () => {
      if (request.method === 'HEAD') await this.#finishIfWhole(request.url!, response);
      await this.#server.handle(request, response);
    });
  }

  async stop(): Promise<void> {
    clearInterval(this.#sweeping);
    this.#stop.abort(new Error('the process stops'));
    await Promise.allSettled(this.#finishing.values());
  }

  get #scope(): Scope {
    return this.#scopes.getStore()!;
  }

  /** Everything but the creation is for the owner alone. */
  async #authorise(id: string): Promise<void> {
    const upload = await this.#parts.store.find(id).catch((error: unknown) => {
      // The id of one that is being made was drawn just now; any other is missing to the protocol, too.
      if (error === ERRORS.FILE_NOT_FOUND) return undefined;
      throw error;
    });
    if (upload && upload.ownerId !== this.#scope.caller.userId) throw notYours({});
  }

  #begin({ metadata = {} }: Upload): { metadata: Record<string, string | null> } {
    requestOf(metadata);
    return { metadata: { ...metadata, ownerId: this.#scope.caller.userId! } };
  }

  /** One whose last answer was lost, or that a crash has stopped between its last byte and its set, is finished when it is asked for. */
  async #finishIfWhole(url: string, response: ServerResponse): Promise<void> {
    const id = new URL(url, 'http://localhost').pathname.slice(UPLOADS.length + 1);
    await this.#authorise(id).catch((error: unknown) => {
      if (error instanceof HutongError) throw error;
    });
    const upload = await this.#parts.store.getUpload(id).catch(() => undefined);
    if (upload && upload.offset === upload.size) response.setHeader(RESULT, encodeURI(await this.#finish(id)));
  }

  /** Makes an upload a set of files, once; answers its path. */
  #finish(id: string): Promise<string> {
    const known = this.#finishing.get(id);
    if (known) return known;
    const finishing = this.#becomeSet(id, this.#scope).finally(() => this.#finishing.delete(id));
    this.#finishing.set(id, finishing);
    return finishing;
  }

  async #becomeSet(id: string, { caller }: Scope): Promise<string> {
    const { store, progress, uploads } = this.#parts;
    const upload = await store.find(id);
    if (upload.path !== undefined) return upload.path;
    await progress.end(id);
    try {
      const { fileName, request } = requestOf(upload.metadata);
      // Whoever has sent the last byte may go: nothing more is asked of them.
      const fileSet = await uploads.receive({ caller, signal: this.#stop.signal }, request, {
        name: fileName,
        open: () => createReadStream(store.bytesOf(id)) as AsyncIterable<Uint8Array>,
        arrived: { bytes: upload.size, reservation: id },
      });
      await store.keep({ ...upload, path: fileSet.path });
      await rm(store.bytesOf(id), { force: true });
      return fileSet.path;
    } catch (error) {
      // What is refused stays refused; what the store failed with may go well the next time.
      if (error instanceof HutongError && error.status < 500) await store.remove(id);
      else await this.#parts.reserveAgain(upload).catch((err: unknown) => this.#parts.log.warn({ err, id }, 'an upload that may be tried again is not counted'));
      throw error;
    }
  }

  /** Failures of ours in the form of every other route; those of the protocol as it tells them. */
  #told(error: Error | { status_code: number; body: string }): { status_code: number; body: string } | undefined {
    if (error === ERRORS.ERR_MAX_SIZE_EXCEEDED || error === ERRORS.ERR_SIZE_EXCEEDED) {
      return inJson(filesTooLarge({ name: 'the upload', limit: `it may have ${this.#parts.limits.bytes} bytes (AI_ARTS_RESUMABLE_BYTES), and no more than it said (Upload-Length)` }));
    }
    const unsupported = UNSUPPORTED.get(error);
    if (unsupported) return inJson(badInput(unsupported));
    if ('status_code' in error) return undefined;
    return inJson(shownFailure(asShown(error), this.#scope.requestId, this.#parts.log));
  }

  async #sweep(): Promise<void> {
    await this.#parts.store.deleteExpired().catch((err: unknown) => this.#parts.log.warn({ err }, 'uploads that were not ended in time could not be removed; will try again'));
  }
}

const inJson = ({ status, message, extensions }: HutongError): { status_code: number; body: string } => ({ status_code: status, body: JSON.stringify({ errors: [{ message, extensions }] }) });
