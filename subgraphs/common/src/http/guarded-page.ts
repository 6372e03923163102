import { randomBytes } from 'node:crypto';

/** What a page of ours may do beside running scripts and reading from our own origin. */
export interface PageLeave {
  /** `worker-src`: where its workers come from. Default: where its scripts do. */
  workers?: string;
}

/** A page of ours, its scripts marked with the nonce, and the headers it is sent with. */
export interface GuardedPage {
  /** For the `nonce` of each inline script; another one for each answer. */
  nonce: string;
  headers: Record<string, string>;
}

/** What guards an HTML page: it asks our own origin alone, stands in no frame, and is not kept. */
export function guardedPage({ workers }: PageLeave = {}): GuardedPage {
  const nonce = randomBytes(16).toString('base64');
  const policy = [
    `default-src 'none'`,
    `script-src 'self' 'nonce-${nonce}'`,
    // Editors and viewers set styles of their own.
    `style-src 'self' 'unsafe-inline'`,
    `font-src 'self' data:`,
    `img-src 'self' data:`,
    ...(workers === undefined ? [] : [`worker-src ${workers}`]),
    `connect-src 'self'`,
    `base-uri 'none'`,
    `form-action 'none'`,
    `frame-ancestors 'none'`,
  ];
  const headers = {
    'cache-control': 'no-store',
    'content-security-policy': policy.join('; '),
    'cross-origin-opener-policy': 'same-origin',
    'cross-origin-resource-policy': 'same-origin',
    'referrer-policy': 'no-referrer',
    'x-content-type-options': 'nosniff',
    'x-frame-options': 'DENY',
  };
  return { nonce, headers };
}
