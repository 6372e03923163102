import { badInput, requireAccess, type Log } from '@hutong/common';
import { create as contentDisposition } from 'content-disposition';
import { once } from 'node:events';
import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';
import type { Store } from '../../drivers/store/store.js';
import { storeUnavailable } from '../../errors.js';
import type { AiArtsContext } from '../../services.js';
import { checkedPath } from '../relative-path.js';
import { asShown } from '../store.failure.js';
import { askedRange, matchesETag } from './byte.range.js';
import { archiveOf } from './download.archive.js';
import { DOWNLOADS, type DownloadLinks, type LinkedFiles } from './download.links.js';
import { filesBelow, findDownload, type AskedFiles, type DownloadSource } from './download.source.js';

/** A download is a stranger's file on our origin: no browser may run or guess anything in it. */
const HARMLESS = {
  'x-content-type-options': 'nosniff',
  'content-security-policy': "default-src 'none'; sandbox",
  'cross-origin-resource-policy': 'same-origin',
  // Files never change, but who may see them does.
  'cache-control': 'private, no-cache',
  'referrer-policy': 'no-referrer',
};

export interface DownloadsParts {
  store: Store;
  links: DownloadLinks;
  /** Whether who follows a link may be sent to the store itself, where it has URLs. */
  presigns: boolean;
  log: Log;
}

const PRESIGNED_SECONDS = 300;

/** Sends files to those who may have them: one as it is, with ranges; several as a tar.gz. */
export class Downloads {
  readonly #parts: DownloadsParts;

  constructor(parts: DownloadsParts) {
    this.#parts = parts;
  }

  /** See {@link DownloadLinks.linkTo}. */
  linkTo(files: LinkedFiles): string {
    return this.#parts.links.linkTo(files);
  }

  /**
   * Answers GET and HEAD of `/ai_arts/files/<id of a set>[/<path in it>]`, to a link or a credential.
   *
   * @throws UNAUTHENTICATED, FORBIDDEN, NOT_YOURS, PATH_INVALID, PATH_MISSING, STORE_UNAVAILABLE
   */
  async answer(request: IncomingMessage, response: ServerResponse, scope: AiArtsContext): Promise<void> {
    const source = await findDownload(scope.em, this.#asked(request.url!, scope));
    const headers = { ...HARMLESS, etag: source.etag, 'content-disposition': contentDisposition(source.fileName), vary: 'Authorization, X-Auth-Token, Token' };
    if (matchesETag(request.headers['if-none-match'], source.etag)) return void response.writeHead(304, headers).end();
    try {
      // Who sends a credential would send it to the store as well, unless it is in a header that clients take off.
      if (source.kind === 'file' && request.method === 'GET' && scope.caller.userId === null && (await this.#sentToStore(response, source, scope.signal))) return;
      if (source.kind === 'file') await this.#sendFile(request, response, headers, source, scope.signal);
      else await this.#sendArchive(request, response, headers, source, scope);
    } catch (error) {
      throw asShown(error);
    }
  }

  #asked(url: string, scope: AiArtsContext): AskedFiles {
    const { pathname, searchParams } = new URL(url, 'http://localhost');
    const link = searchParams.get('link');
    if (link !== null) {
      const linked = this.#parts.links.read(link);
      if (!linked) throw badInput({ field: 'link', problem: 'it is not a link of ours, or more than five minutes old; ask for `downloadUrl` again' });
      return linked;
    }
    requireAccess('member', scope, 'ai-arts:read');
    const [fileSetId = '', ...rest] = decoded(pathname.slice(DOWNLOADS.length + 1)).split('/');
    const folder = rest.join('/');
    return { fileSetId, folder: folder === '' ? '' : checkedPath(folder), caller: scope.caller };
  }

  /** Whether the answer is where the store has the file. */
  async #sentToStore(response: ServerResponse, { key, fileName }: DownloadSource & { kind: 'file' }, signal: AbortSignal): Promise<boolean> {
    const { presigns, store } = this.#parts;
    const location = presigns ? await store.presign(key, { fileName, expiresSeconds: PRESIGNED_SECONDS }, signal) : null;
    if (location === null) return false;
    response.writeHead(302, { ...HARMLESS, location, 'cache-control': 'no-store', 'content-length': 0 }).end();
    return true;
  }

  async #sendFile(request: IncomingMessage, response: ServerResponse, headers: OutgoingHttpHeaders, source: DownloadSource & { kind: 'file' }, signal: AbortSignal): Promise<void> {
    const { key, sizeBytes, etag } = source;
    const ifRange = request.headers['if-range'];
    const range = ifRange === undefined || ifRange === etag ? askedRange(request.headers.range, sizeBytes) : undefined;
    if (range === null) return void response.writeHead(416, { ...HARMLESS, 'content-range': `bytes */${sizeBytes}`, 'content-length': 0 }).end();
    const length = range ? range.to - range.from + 1 : sizeBytes;
    const answer = { ...headers, 'accept-ranges': 'bytes', 'content-type': 'application/octet-stream', 'content-length': length, ...(range ? { 'content-range': `bytes ${range.from}-${range.to}/${sizeBytes}` } : {}) };
    if (request.method === 'HEAD') return void response.writeHead(range ? 206 : 200, answer).end();
    const body = await this.#parts.store.get(key, signal, range);
    if (body.lengthBytes !== length) {
      body.destroy();
      throw storeUnavailable({ words: 'the store failed: the file has changed since it came' });
    }
    response.writeHead(range ? 206 : 200, answer);
    await (body.sendTo ? body.sendTo(response) : pipeline(body, response));
  }

  async #sendArchive(request: IncomingMessage, response: ServerResponse, headers: OutgoingHttpHeaders, { fileSet, folder }: DownloadSource & { kind: 'archive' }, { em, signal }: AiArtsContext): Promise<void> {
    const answer = { ...headers, 'accept-ranges': 'none', 'content-type': 'application/gzip' };
    if (request.method === 'HEAD') return void response.writeHead(200, answer).end();
    const archive = archiveOf({ store: this.#parts.store, fileSet, folder, files: filesBelow(em, fileSet.id, folder) }, signal);
    // A store that is away is told as such while nothing was sent.
    await once(archive, 'readable', { signal });
    response.writeHead(200, answer);
    await pipeline(archive, response);
  }
}

/** @throws BAD_INPUT */
function decoded(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    throw badInput({ problem: 'the address has a % that is not followed by two hexadecimal digits of UTF-8' });
  }
}
