import type { Readable, Writable } from 'node:stream';

/**
 * A store of files: a folder on this machine's disk, or a bucket of an S3 server.
 *
 * A file is whole or not there: what fails, is aborted, or dies half way leaves nothing that {@link Store.list} shows,
 * and nothing that takes space for longer than a day. A key that is put again is replaced in one step, under the feet of
 * nobody who reads the old one.
 *
 * Keys are texts of 1 to 900 bytes of UTF-8 with `/` between their parts; no part is empty, `.` or `..`, and none has
 * control characters. Any other key is a programming error (TypeError). A driver encodes what its place cannot take.
 *
 * A failure is a {@link StoreError}. When `signal` aborts, the call rejects with the signal's reason.
 */
export interface Store {
  /** Which store this is; shown in the graph and in logs. */
  readonly name: 'disk' | 's3';

  /** Whether files can be kept now. Never rejects but for `signal`. */
  status(signal: AbortSignal): Promise<StoreReadiness>;

  /**
   * Keeps what `body` yields, with backpressure and bounded memory, whatever its size; length and hash are checked
   * against what arrived before it is there. `body` is read to its end or destroyed. Faults: FULL, REFUSED, those of every call.
   */
  put(key: string, body: AsyncIterable<Uint8Array>, signal: AbortSignal): Promise<StoredFile>;

  /**
   * The bytes of a file, or of a part of it. The stream fails, rather than ends early, when bytes are lost on the way;
   * destroying it lets go of everything, and so does aborting `signal`. Faults: NOT_FOUND, RANGE.
   */
  get(key: string, signal: AbortSignal, range?: ByteRange): Promise<StoredBody>;

  /**
   * Keeps the same file under another key too, within the store and without its bytes coming here; each stays when the other
   * is deleted or put again. Faults: NOT_FOUND, FULL, REFUSED, those of every call.
   */
  copy(from: string, to: string, signal: AbortSignal): Promise<void>;

  /** How large a file is; null when there is none. */
  stat(key: string, signal: AbortSignal): Promise<FoundFile | null>;

  /** The files whose key begins with `prefix` (empty, or parts that end in `/`), by key in the order of UTF-8 bytes. Any number, a page in memory at a time. */
  list(prefix: string, signal: AbortSignal): AsyncIterable<FoundFile>;

  /** Deletes one file; one that is not there is no fault. */
  delete(key: string, signal: AbortSignal): Promise<void>;

  /** Deletes every file under `prefix` (parts that end in `/`); may be repeated. */
  deleteAll(prefix: string, signal: AbortSignal): Promise<void>;

  /** A URL from which a client may get the file itself until it expires; null where the store has none. */
  presign(key: string, download: PresignedDownload, signal: AbortSignal): Promise<string | null>;

  /** Removes what broken puts of this and of dead processes left behind, when it is older than a day. */
  sweep(signal: AbortSignal): Promise<void>;

  /** Lets go of connections. May be called again; no other call may follow. */
  close(): Promise<void>;
}

/** The bytes of a file, or of a part of it. */
export interface StoredBody extends Readable, Partial<SelfSending> {
  /** How many they are. */
  readonly lengthBytes: number;
}

/**
 * A file's stream that can also write itself to another one, with the same few buffers again and again. Whole gigabytes of
 * new ones would have every process collect its garbage all the time, at a price that grows with all else it has in memory.
 */
export interface SelfSending {
  /** Instead of reading it: writes all to `target` and ends that; `target` may keep no bytes once it has called back. Rejects when either side fails. */
  sendTo(target: Writable): Promise<void>;
}

export interface StoreReadiness {
  ready: boolean;
  /** Null when all is well, else what is wrong and what to do about it, in one line for an administrator. */
  message: string | null;
}

/** A file as it was put. */
export interface StoredFile {
  sizeBytes: number;
  /** Of the whole file, 64 lower-case hexadecimal digits. */
  sha256: string;
}

/** A file as the store has it. */
export interface FoundFile {
  key: string;
  sizeBytes: number;
  modifiedAt: Date;
}

/** Bytes `from` up to and with `to`, counted from 0; without `to`, all the rest. */
export interface ByteRange {
  from: number;
  to?: number;
}

export interface PresignedDownload {
  /** The name that the client saves it under. */
  fileName: string;
  /** 1 to 604,800. */
  expiresSeconds: number;
}

/**
 * | fault | meaning | repeat the call? |
 * |---|---|---|
 * | NOT_FOUND | there is no such file | no |
 * | RANGE | the part begins behind the end of the file | no |
 * | FULL | there is no room left, or a quota of the store is used up | when something was deleted |
 * | REFUSED | our credentials or rights are not enough, or the bucket or folder is not there; the message says which | no, an administrator must act |
 * | UNREACHABLE | no answer, or one that was cut off | yes |
 * | FAILED | the store tried and failed, or what it kept is not what was put | once or twice |
 */
export type StoreFault = 'NOT_FOUND' | 'RANGE' | 'FULL' | 'REFUSED' | 'UNREACHABLE' | 'FAILED';

/** A failure of a store. The message is fit to be shown: no secret, no path of the machine, no stack. */
export class StoreError extends Error {
  override readonly name = 'StoreError';

  constructor(
    readonly fault: StoreFault,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}
