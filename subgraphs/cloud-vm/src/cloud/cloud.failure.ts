import type { HutongError } from '@hutong/common';
import { CloudError, type CloudFault } from '../drivers/driver.js';
import { cloudMisconfigured, cloudUnavailable, creationFailed, quotaRefused } from '../errors.js';

type Shown = (error: CloudError) => HutongError;

const unavailable: Shown = ({ message, retryAfterMs }) => {
  const extensions = retryAfterMs === undefined ? {} : { retryAfterSeconds: Math.ceil(retryAfterMs / 1_000) };
  return cloudUnavailable({ words: `the cloud does not answer at present: ${message}`, extensions });
};
const misconfigured: Shown = ({ message }) => cloudMisconfigured({ words: message });
const failed: Shown = ({ message }) => creationFailed({ words: message });

const SHOWN: Readonly<Record<CloudFault, Shown>> = {
  NOT_FOUND: failed,
  INVALID_IMAGE: failed,
  INVALID_FLAVOR: failed,
  CONFLICT: failed,
  FAILED: failed,
  QUOTA: ({ message }) => quotaRefused({ words: message }),
  UNAUTHORIZED: misconfigured,
  MISCONFIGURED: misconfigured,
  BUSY: unavailable,
  UNREACHABLE: unavailable,
};

/** A failure of the cloud as callers see it; everything else as it is. */
export const shownFailure = (error: unknown): unknown => (error instanceof CloudError ? SHOWN[error.fault](error) : error);
