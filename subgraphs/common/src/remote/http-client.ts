import type { Readable } from 'node:stream';
import type { HeaderFields, SharedHeaders } from '../http/shared-headers.js';
import type { Cancellation } from '../timing/cancellation.js';

/** The client that is used where both could be: ours, which takes plain HTTP/1.1 and texts, or undici, which takes everything. */
export type HttpClientName = 'lean' | 'undici';

/** What requests of one kind have in common; made once for each kind. */
export interface RequestKind {
  method: 'GET' | 'POST';
  path: string;
  headers: HeaderFields;
}

/** One request. */
export interface ClientRequest {
  kind: RequestKind;
  /** Beside those of its kind. */
  headers?: readonly SharedHeaders[];
  body?: string | Readable;
  /** Bytes of the body, where that is known. */
  bodyBytes?: number | undefined;
}

/** What a server answered. */
export interface ReadAnswer {
  status: number;
  /** As it came. */
  body: Buffer;
}

/** Asks one server over HTTP, each request once, on connections that are kept open. */
export interface HttpClient {
  /**
   * Resolves with the whole answer.
   *
   * @param cancellation ends the request
   * @throws the reason of the cancellation, {@link BrokenOff}, {@link TooLarge}, or what kept the request from being answered
   */
  ask(request: ClientRequest, cancellation: Cancellation): Promise<ReadAnswer>;
  /** Ends what is under way. */
  close(): Promise<void>;
}

export interface HttpClientOptions {
  /** Requests under way at once; more wait. */
  connections: number;
  connectTimeoutMs: number;
  /** How long an idle connection is kept where the server does not say. */
  keepAliveMs: number;
  /** Of one answer's body. */
  largestAnswerBytes: number;
}

/** An answer has begun, and then broke off. */
export class BrokenOff extends Error {
  override readonly name = 'BrokenOff';
}

/** An answer is larger than it may be. */
export class TooLarge extends Error {
  override readonly name = 'TooLarge';
}
