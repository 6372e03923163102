import { readSettings, SettingError, settingTypes, type Setting } from '@hutong/common';
import type { S3Settings } from './s3.settings.js';

const DAY_MS = 24 * 60 * 60 * 1_000;
const MIB = 1024 ** 2;
/** What a key may have, less what is ours. */
const MOST_PREFIX_BYTES = 100;

/** Every setting of files in a bucket of an S3 server. */
export const s3Environment = {
  STORE_S3_BUCKET: { schema: settingTypes.optionalText(), example: 'hutong', about: 'Bucket of the store; it must exist. Required where `STORE_DRIVER` is `s3`.' },
  STORE_S3_PREFIX: {
    schema: settingTypes
      .optionalText()
      .refine((text) => text === undefined || (Buffer.byteLength(text) <= MOST_PREFIX_BYTES && /^(?:[\w.-]+\/)+$/.test(text)), `expected parts of letters, digits, _, . and - that end in /, of at most ${MOST_PREFIX_BYTES} characters together`),
    example: 'hutong/',
    about: 'What the keys of all objects begin with, for a bucket that is shared.',
  },
  STORE_S3_ENDPOINT: { schema: settingTypes.optionalUrl('http', 'https'), example: 'https://s3.example.org:9000', about: 'URL of the S3 server. Empty: that of AWS in the region.' },
  STORE_S3_REGION: { schema: settingTypes.text(), default: 'us-east-1', example: 'cn-north-1', about: 'Region of the bucket.' },
  STORE_S3_PATH_STYLE: { schema: settingTypes.flag().optional(), example: 'true', about: 'Whether the bucket is a part of the path of URLs, not of the host name. Empty: where `STORE_S3_ENDPOINT` is set.' },
  STORE_S3_ACCESS_KEY_ID: {
    schema: settingTypes.optionalText(),
    example: 'AKIAIOSFODNN7EXAMPLE',
    about: "Who we are. Empty: credentials are found as the AWS SDK does, in `AWS_ACCESS_KEY_ID`, shared files, the container or the host's role.",
  },
  STORE_S3_SECRET_ACCESS_KEY: { schema: settingTypes.optionalText(), example: 'a-long-secret', about: 'Its secret.' },
  STORE_S3_IDLE_SECONDS: { schema: settingTypes.integer(1, 600), default: '30', example: '60', about: 'How long the server may be silent during a request.' },
  STORE_S3_PART_MIB: { schema: settingTypes.integer(5, 512), default: '8', example: '16', about: 'Size of the parts of a large file, in MiB; four of them are in memory during an upload, and a file has at most 10,000.' },
} satisfies Record<string, Setting<unknown>>;

/** Reads the settings from the process environment; throws a `SettingError` for the first bad one. */
export function readS3Settings(environment: Readonly<Record<string, string | undefined>> = process.env): S3Settings {
  const values = readSettings(s3Environment, environment);
  const { STORE_S3_BUCKET: bucket, STORE_S3_ACCESS_KEY_ID: accessKeyId, STORE_S3_SECRET_ACCESS_KEY: secretAccessKey } = values;
  if (bucket === undefined) throw new SettingError('STORE_S3_BUCKET: needed because STORE_DRIVER is "s3", got nothing; for example STORE_S3_BUCKET=hutong');
  if ((accessKeyId === undefined) !== (secretAccessKey === undefined)) {
    throw new SettingError('STORE_S3_ACCESS_KEY_ID and STORE_S3_SECRET_ACCESS_KEY: set both, or none of them');
  }
  return {
    bucket,
    prefix: values.STORE_S3_PREFIX ?? '',
    endpoint: values.STORE_S3_ENDPOINT,
    region: values.STORE_S3_REGION,
    isPathStyle: values.STORE_S3_PATH_STYLE ?? values.STORE_S3_ENDPOINT !== undefined,
    credentials: accessKeyId === undefined || secretAccessKey === undefined ? undefined : { accessKeyId, secretAccessKey },
    idleMs: values.STORE_S3_IDLE_SECONDS * 1_000,
    partBytes: values.STORE_S3_PART_MIB * MIB,
    leftoverMs: DAY_MS,
  };
}
