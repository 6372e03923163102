import { createHmac } from 'node:crypto';

/**
 * The signature of a webhook call: HMAC-SHA256 of `<timestamp>.<body>`, as `sha256=<hex>`. The receiver computes the
 * same over the raw body and should refuse timestamps that are more than a few minutes off.
 */
export const signatureOf = (secret: string, timestamp: string, body: string): string =>
  `sha256=${createHmac('sha256', secret).update(`${timestamp}.${body}`).digest('hex')}`;
