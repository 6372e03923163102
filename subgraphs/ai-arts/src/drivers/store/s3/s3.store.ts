import {
  AbortMultipartUploadCommand, DeleteObjectCommand, GetObjectCommand, HeadBucketCommand, HeadObjectCommand, ListMultipartUploadsCommand, ListObjectsV2Command, PutObjectCommand, S3Client, type ListMultipartUploadsCommandOutput, type ListObjectsV2CommandOutput,
} from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import { create as contentDisposition } from 'content-disposition';
import { createHash } from 'node:crypto';
import type { Readable } from 'node:stream';
import { arriving, destroyed } from '../arriving.body.js';
import { StoreError, type ByteRange, type FoundFile, type PresignedDownload, type Store, type StoredFile, type StoreReadiness } from '../store.js';
import { checkedKey, checkedPrefix } from '../store.keys.js';
import { partsOf, type BodyPart } from './body.parts.js';
import { copyObject } from './object.copy.js';
import { checkETag } from './etag.check.js';
import { MultipartUpload, type ObjectPlace } from './multipart.upload.js';
import { ObjectReader } from './object.reader.js';
import { asStoreError, translated } from './s3.faults.js';
import type { S3Settings } from './s3.settings.js';

const ATTEMPTS = 3;
const CONNECT_MS = 10_000;
const DELETED_AT_ONCE = 32;

/** Files in a bucket of an S3 server. */
export class S3Store implements Store {
  readonly name = 's3';
  readonly #settings: S3Settings;
  readonly #client: S3Client;

  constructor(settings: S3Settings) {
    this.#settings = settings;
    this.#client = new S3Client({
      region: settings.region,
      forcePathStyle: settings.isPathStyle,
      maxAttempts: ATTEMPTS,
      requestHandler: { connectionTimeout: CONNECT_MS, socketTimeout: settings.idleMs, requestTimeout: 0 },
      // Not every server knows the newer checksums; we compare what they all have.
      requestChecksumCalculation: 'WHEN_REQUIRED',
      responseChecksumValidation: 'WHEN_REQUIRED',
      ...(settings.endpoint === undefined ? {} : { endpoint: settings.endpoint }),
      ...(settings.credentials ? { credentials: settings.credentials } : {}),
    });
  }

  async status(signal: AbortSignal): Promise<StoreReadiness> {
    try {
      await translated(signal, () => this.#checkBucket(signal));
      return { ready: true, message: null };
    } catch (error) {
      if (error instanceof StoreError) return { ready: false, message: error.message };
      throw error;
    }
  }

  put(key: string, body: AsyncIterable<Uint8Array>, signal: AbortSignal): Promise<StoredFile> {
    const place = this.#placeOf(key);
    return translated(signal, async () => {
      const hash = createHash('sha256');
      let sizeBytes = 0;
      async function* measured(): AsyncGenerator<Uint8Array> {
        for await (const chunk of arriving(body, signal)) {
          hash.update(chunk);
          sizeBytes += chunk.byteLength;
          yield chunk;
        }
      }
      await this.#putParts(place, partsOf(measured(), this.#settings.partBytes), signal);
      const { ContentLength } = await this.#client.send(new HeadObjectCommand(place), { abortSignal: signal });
      if (ContentLength !== sizeBytes) await this.#refuse(place, `the S3 server kept ${ContentLength} of ${sizeBytes} bytes`);
      return { sizeBytes, sha256: hash.digest('hex') };
    }).catch((error: unknown) => {
      destroyed(body);
      throw error;
    });
  }

  get(key: string, signal: AbortSignal, range?: ByteRange): Promise<ObjectReader> {
    const place = this.#placeOf(key);
    return translated(signal, async () => {
      const Range = range && `bytes=${range.from}-${range.to ?? ''}`;
      const { Body, ContentLength } = await this.#client.send(new GetObjectCommand({ ...place, Range }), { abortSignal: signal });
      const wanted = range?.to === undefined ? Number.POSITIVE_INFINITY : range.to - range.from + 1;
      return new ObjectReader(Body as Readable, Math.min(ContentLength!, wanted), signal);
    });
  }

  copy(from: string, to: string, signal: AbortSignal): Promise<void> {
    const [source, place] = [this.#placeOf(from), this.#placeOf(to)];
    return translated(signal, () => copyObject(this.#client, source, place, signal));
  }

  stat(key: string, signal: AbortSignal): Promise<FoundFile | null> {
    const place = this.#placeOf(key);
    return translated(signal, async () => {
      try {
        const { ContentLength, LastModified } = await this.#client.send(new HeadObjectCommand(place), { abortSignal: signal });
        return { key, sizeBytes: ContentLength!, modifiedAt: LastModified! };
      } catch (error) {
        if (!isFault(asStoreError(error), 'NOT_FOUND')) throw error;
        // A missing bucket has the same answer, and must not pass for one without files.
        await this.#checkBucket(signal);
        return null;
      }
    });
  }

  async *list(prefix: string, signal: AbortSignal): AsyncGenerator<FoundFile, void, void> {
    const { bucket, prefix: ours } = this.#settings;
    const Prefix = ours + checkedPrefix(prefix);
    let ContinuationToken: string | undefined;
    do {
      const page: ListObjectsV2CommandOutput = await translated(signal, () =>
        this.#client.send(new ListObjectsV2Command({ Bucket: bucket, Prefix, ContinuationToken, EncodingType: 'url' }), { abortSignal: signal }),
      );
      for (const { Key, Size, LastModified } of page.Contents ?? []) {
        signal.throwIfAborted();
        const key = page.EncodingType === 'url' ? decodeURIComponent(Key!.replaceAll('+', ' ')) : Key!;
        yield { key: key.slice(ours.length), sizeBytes: Size!, modifiedAt: LastModified! };
      }
      ContinuationToken = page.IsTruncated ? page.NextContinuationToken : undefined;
    } while (ContinuationToken !== undefined);
  }

  delete(key: string, signal: AbortSignal): Promise<void> {
    const place = this.#placeOf(key);
    return translated(signal, async () => void (await this.#client.send(new DeleteObjectCommand(place), { abortSignal: signal })));
  }

  deleteAll(prefix: string, signal: AbortSignal): Promise<void> {
    checkedPrefix(prefix);
    return translated(signal, async () => {
      let keys: string[] = [];
      for await (const { key } of this.list(prefix, signal)) {
        keys.push(key);
        if (keys.length < DELETED_AT_ONCE) continue;
        await this.#deleteEach(keys, signal);
        keys = [];
      }
      await this.#deleteEach(keys, signal);
    });
  }

  presign(key: string, { fileName, expiresSeconds }: PresignedDownload, signal: AbortSignal): Promise<string> {
    const command = new GetObjectCommand({ ...this.#placeOf(key), ResponseContentDisposition: contentDisposition(fileName) });
    return translated(signal, () => getSignedUrl(this.#client, command, { expiresIn: expiresSeconds }));
  }

  sweep(signal: AbortSignal): Promise<void> {
    const { bucket, prefix, leftoverMs } = this.#settings;
    return translated(signal, async () => {
      let after: { KeyMarker?: string | undefined; UploadIdMarker?: string | undefined } | undefined = {};
      while (after) {
        const page: ListMultipartUploadsCommandOutput = await this.#client.send(new ListMultipartUploadsCommand({ Bucket: bucket, Prefix: prefix, ...after }), { abortSignal: signal });
        for (const { Key, UploadId, Initiated } of page.Uploads ?? []) {
          if (Initiated!.getTime() > Date.now() - leftoverMs) continue;
          await this.#client.send(new AbortMultipartUploadCommand({ Bucket: bucket, Key, UploadId }), { abortSignal: signal });
        }
        after = page.IsTruncated ? { KeyMarker: page.NextKeyMarker, UploadIdMarker: page.NextUploadIdMarker } : undefined;
      }
    });
  }

  async close(): Promise<void> {
    this.#client.destroy();
  }

  async #putParts(place: ObjectPlace, parts: AsyncIterable<BodyPart>, signal: AbortSignal): Promise<void> {
    let upload: MultipartUpload | undefined;
    try {
      for await (const part of parts) {
        if (part.isWhole) return await this.#putWhole(place, part.bytes, signal);
        upload ??= await MultipartUpload.start(this.#client, place, signal);
        await upload.add(part);
      }
      await upload?.complete();
    } catch (error) {
      await upload?.abort();
      throw error;
    }
  }

  async #putWhole(place: ObjectPlace, bytes: Buffer, signal: AbortSignal): Promise<void> {
    const answer = await this.#client.send(new PutObjectCommand({ ...place, Body: bytes, ContentType: 'application/octet-stream' }), { abortSignal: signal });
    try {
      checkETag(answer, bytes);
    } catch (error) {
      await this.#refuse(place, (error as Error).message);
    }
  }

  /** Deletes what is not what was put. */
  async #refuse(place: ObjectPlace, message: string): Promise<never> {
    await this.#client.send(new DeleteObjectCommand(place), { abortSignal: AbortSignal.timeout(this.#settings.idleMs) });
    throw new StoreError('FAILED', message);
  }

  async #deleteEach(keys: readonly string[], signal: AbortSignal): Promise<void> {
    await Promise.all(keys.map((key) => this.delete(key, signal)));
  }

  async #checkBucket(signal: AbortSignal): Promise<void> {
    const { bucket } = this.#settings;
    try {
      await this.#client.send(new HeadBucketCommand({ Bucket: bucket }), { abortSignal: signal });
    } catch (error) {
      if (!isFault(asStoreError(error), 'NOT_FOUND')) throw error;
      throw new StoreError('REFUSED', `there is no bucket ${JSON.stringify(bucket)} on the S3 server; make it, or set STORE_S3_BUCKET`, { cause: error });
    }
  }

  readonly #placeOf = (key: string): ObjectPlace => ({ Bucket: this.#settings.bucket, Key: this.#settings.prefix + checkedKey(key) });
}

const isFault = (error: unknown, fault: string): boolean => error instanceof StoreError && error.fault === fault;
