import { createHash } from 'node:crypto';
import { badInput } from '@hutong/common';
import { LRUCache } from 'lru-cache';
import { operationNotTrusted, persistedQueryNotFound } from '../errors.js';
import type { Limits } from '../limits/limits.js';
import { checkLength } from '../limits/operation.check.js';
import type { TrustedOperations } from '../trusted/trusted-operations.js';

/** How a request says which document it means: its text, an id of a trusted one, or a hash of one sent before. */
export interface OperationReference {
  query?: unknown;
  documentId?: unknown;
  /** The same, as some clients call it. */
  id?: unknown;
  /** `persistedQuery: { version: 1, sha256Hash }` of automatic persisted queries. */
  extensions?: unknown;
}

/** Documents that clients have sent with their hash; the least recently used go first. */
const REMEMBERED = 5_000;
const REMEMBERED_BYTES = 16 * 1024 * 1024;
const BYTES_OF_CHARACTER = 2;

const SHA_256 = /^[0-9a-f]{64}$/;

/** Finds the document that a request means, over HTTP, WebSocket and SSE alike; it still has to pass every other check. */
export class OperationTexts {
  readonly #limits: Limits;
  #trusted: TrustedOperations | undefined;
  readonly #sent = new LRUCache<string, string>({ max: REMEMBERED, maxSize: REMEMBERED_BYTES, sizeCalculation: (text, hash) => (text.length + hash.length) * BYTES_OF_CHARACTER });

  /** @param trusted where there are some, nothing else may be run */
  constructor(limits: Limits, trusted?: TrustedOperations) {
    this.#limits = limits;
    this.#trusted = trusted;
  }

  /** The only operations that may be run; undefined: any. */
  get trusted(): TrustedOperations | undefined {
    return this.#trusted;
  }

  /** From now on these are the only operations that may be run. */
  trust(operations: TrustedOperations): void {
    this.#trusted = operations;
  }

  /**
   * The text of the document, empty when the request names none.
   *
   * @throws OPERATION_NOT_TRUSTED, PERSISTED_QUERY_NOT_FOUND, LIMIT_EXCEEDED, BAD_INPUT
   */
  textOf(asked: OperationReference): string {
    const text = typeof asked.query === 'string' ? asked.query : '';
    return this.#trusted ? trustedText(text, asked, this.#trusted) : this.#openText(text, asked);
  }

  #openText(text: string, asked: OperationReference): string {
    checkLength(text, this.#limits);
    const hash = hashOf(asked);
    if (hash === undefined) {
      if (text === '' && idOf(asked) !== undefined) throw badInput({ field: 'documentId', problem: 'there are no trusted operations here; send the document as query' });
      return text;
    }
    if (text === '') {
      const sent = this.#sent.get(hash);
      if (sent === undefined) throw persistedQueryNotFound({});
      return sent;
    }
    if (createHash('sha256').update(text).digest('hex') !== hash) {
      throw badInput({ field: 'extensions.persistedQuery.sha256Hash', problem: 'expected the SHA-256 of query, in hexadecimal' });
    }
    this.#sent.set(hash, text);
    return text;
  }
}

function trustedText(text: string, asked: OperationReference, trusted: TrustedOperations): string {
  if (text !== '') {
    if (!trusted.has(text)) throw operationNotTrusted({});
    return text;
  }
  const id = idOf(asked) ?? hashOf(asked);
  const known = id === undefined ? undefined : trusted.byId(id);
  if (known === undefined) throw operationNotTrusted(id === undefined ? {} : { id });
  return known;
}

function idOf({ documentId, id }: OperationReference): string | undefined {
  const given = documentId ?? id ?? undefined;
  if (given !== undefined && typeof given !== 'string') throw badInput({ field: 'documentId', problem: 'expected a text' });
  return given || undefined;
}

function hashOf({ extensions }: OperationReference): string | undefined {
  const persisted = (extensions as { persistedQuery?: { version?: unknown; sha256Hash?: unknown } | null } | null | undefined)?.persistedQuery;
  if (persisted == null) return undefined;
  const { version, sha256Hash } = persisted;
  if (version !== 1) throw badInput({ field: 'extensions.persistedQuery.version', problem: 'expected 1' });
  if (typeof sha256Hash !== 'string' || !SHA_256.test(sha256Hash)) throw badInput({ field: 'extensions.persistedQuery.sha256Hash', problem: 'expected 64 hexadecimal digits' });
  return sha256Hash;
}
