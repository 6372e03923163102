/** Where a bucket is, and how it is talked to. */
export interface S3Settings {
  bucket: string;
  /** Empty, or parts that end in `/`. */
  prefix: string;
  /** Undefined: AWS. */
  endpoint: string | undefined;
  region: string;
  isPathStyle: boolean;
  /** Undefined: found as the SDK does. */
  credentials: { accessKeyId: string; secretAccessKey: string } | undefined;
  /** How long the server may be silent. */
  idleMs: number;
  /** At least 5 MiB. */
  partBytes: number;
  /** How old an upload that was never ended must be to be swept. */
  leftoverMs: number;
}
