import {
  AbortMultipartUploadCommand, CompleteMultipartUploadCommand, CopyObjectCommand, CreateMultipartUploadCommand, HeadObjectCommand, UploadPartCopyCommand, type CompletedPart, type S3Client,
} from '@aws-sdk/client-s3';
import type { ObjectPlace } from './multipart.upload.js';

/** What a server copies in one request, and a part of what is larger. */
const MOST_BYTES = 5 * 1024 ** 3;
const PART_BYTES = 1024 ** 3;
const ABORT_MS = 10_000;

/** Has the server copy an object, whatever its size; nobody sees it before it is whole. */
export async function copyObject(client: S3Client, from: ObjectPlace, to: ObjectPlace, abortSignal: AbortSignal): Promise<void> {
  const { ContentLength = 0 } = await client.send(new HeadObjectCommand(from), { abortSignal });
  const CopySource = `${from.Bucket}/${encodeURIComponent(from.Key).replaceAll('%2F', '/')}`;
  if (ContentLength <= MOST_BYTES) return void (await client.send(new CopyObjectCommand({ ...to, CopySource }), { abortSignal }));
  const { UploadId } = await client.send(new CreateMultipartUploadCommand({ ...to, ContentType: 'application/octet-stream' }), { abortSignal });
  const upload = { ...to, UploadId };
  try {
    const Parts: CompletedPart[] = [];
    for (let start = 0; start < ContentLength; start += PART_BYTES) {
      const end = Math.min(start + PART_BYTES, ContentLength) - 1;
      const PartNumber = Parts.length + 1;
      const { CopyPartResult } = await client.send(new UploadPartCopyCommand({ ...upload, PartNumber, CopySource, CopySourceRange: `bytes=${start}-${end}` }), { abortSignal });
      Parts.push({ PartNumber, ETag: CopyPartResult?.ETag });
    }
    await client.send(new CompleteMultipartUploadCommand({ ...upload, MultipartUpload: { Parts } }), { abortSignal });
  } catch (error) {
    await client.send(new AbortMultipartUploadCommand(upload), { abortSignal: AbortSignal.timeout(ABORT_MS) }).catch(() => {});
    throw error;
  }
}
