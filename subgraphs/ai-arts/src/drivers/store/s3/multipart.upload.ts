import { AbortMultipartUploadCommand, CompleteMultipartUploadCommand, CreateMultipartUploadCommand, UploadPartCommand, type CompletedPart, type S3Client } from '@aws-sdk/client-s3';
import type { BodyPart } from './body.parts.js';
import { checkETag } from './etag.check.js';

/** Parts on their way at a time; one more is being gathered. */
const AT_ONCE = 3;
const ABORT_MS = 10_000;

/** The object that is put. */
export interface ObjectPlace {
  Bucket: string;
  Key: string;
}

/** A file that is put part by part; nobody sees it before it is complete. */
export class MultipartUpload {
  readonly #client: S3Client;
  readonly #upload: ObjectPlace & { UploadId: string };
  readonly #signal: AbortSignal;
  readonly #stop = new AbortController();
  readonly #parts: CompletedPart[] = [];
  readonly #sending = new Set<Promise<void>>();
  #failure: { error: unknown } | undefined;

  private constructor(client: S3Client, upload: ObjectPlace & { UploadId: string }, signal: AbortSignal) {
    this.#client = client;
    this.#upload = upload;
    this.#signal = AbortSignal.any([signal, this.#stop.signal]);
  }

  static async start(client: S3Client, place: ObjectPlace, signal: AbortSignal): Promise<MultipartUpload> {
    const { UploadId } = await client.send(new CreateMultipartUploadCommand({ ...place, ContentType: 'application/octet-stream' }), { abortSignal: signal });
    return new MultipartUpload(client, { ...place, UploadId: UploadId! }, signal);
  }

  /** Sends a part; returns when there is room for the next one. Throws what any part failed with. */
  async add(part: BodyPart): Promise<void> {
    const sending = this.#send(part).finally(() => this.#sending.delete(sending));
    this.#sending.add(sending);
    while (this.#sending.size >= AT_ONCE) await Promise.race(this.#sending);
    this.#throwFailure();
  }

  /** Makes a file of the parts. */
  async complete(): Promise<void> {
    await Promise.all(this.#sending);
    this.#throwFailure();
    const Parts = this.#parts.toSorted((one, other) => one.PartNumber! - other.PartNumber!);
    await this.#client.send(new CompleteMultipartUploadCommand({ ...this.#upload, MultipartUpload: { Parts } }), { abortSignal: this.#signal });
  }

  /** Frees what the parts take. When the server does not hear of it, a sweep does it. */
  async abort(): Promise<void> {
    this.#stop.abort();
    // The server keeps a part that arrives after its upload was aborted.
    await Promise.all(this.#sending);
    await this.#client.send(new AbortMultipartUploadCommand(this.#upload), { abortSignal: AbortSignal.timeout(ABORT_MS) }).catch(() => {});
  }

  /** Never rejects. */
  async #send({ number: PartNumber, bytes }: BodyPart): Promise<void> {
    try {
      const answer = await this.#client.send(new UploadPartCommand({ ...this.#upload, PartNumber, Body: bytes }), { abortSignal: this.#signal });
      checkETag(answer, bytes);
      this.#parts.push({ PartNumber, ETag: answer.ETag });
    } catch (error) {
      this.#failure ??= { error };
    }
  }

  #throwFailure(): void {
    if (this.#failure) throw this.#failure.error;
  }
}
