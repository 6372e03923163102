import { createHmac, createSecretKey, hkdfSync, timingSafeEqual, type Hmac, type KeyObject } from 'node:crypto';
import type { z } from 'zod';

export interface SealOptions<Content> {
  /** The platform's, the same in every process. */
  secret: string;
  /** What is sealed for one purpose is nothing for another. */
  purpose: string;
  schema: z.ZodType<Content>;
  now?: (() => number) | undefined;
}

const KEY_BYTES = 32;

/**
 * Texts that go through other hands and come back, such as the signature of a link: HMAC-SHA256 under a key derived from the
 * platform's secret and the purpose. What they hold can be read by anyone, and changed by nobody.
 */
export class Seal<Content extends object> {
  /** Made once: from bytes, Node makes one for each signature, which takes several times as long as that. */
  readonly #key: KeyObject;
  readonly #schema: z.ZodType<Content>;
  readonly #now: () => number;

  constructor({ secret, purpose, schema, now = Date.now }: SealOptions<Content>) {
    this.#key = createSecretKey(Buffer.from(hkdfSync('sha256', secret, '', `hutong ${purpose}`, KEY_BYTES)));
    this.#schema = schema;
    this.#now = now;
  }

  /** A text of letters, digits, `-`, `_` and one dot. */
  close(content: Content, lifetimeMs: number): string {
    const body = Buffer.from(JSON.stringify({ until: this.#now() + lifetimeMs, content })).toString('base64url');
    return `${body}.${this.#mac(body).digest('base64url')}`;
  }

  /** What was sealed; undefined when it was not sealed here, was changed, or its time is over. */
  open(text: string | undefined): Content | undefined {
    const [body = '', mac = '', ...rest] = (text ?? '').split('.');
    const expected = this.#mac(body).digest();
    const given = Buffer.from(mac, 'base64url');
    if (rest.length > 0 || given.length !== expected.length || !timingSafeEqual(given, expected)) return undefined;
    const { until, content } = JSON.parse(Buffer.from(body, 'base64url').toString()) as { until: number; content: unknown };
    return until > this.#now() ? this.#schema.safeParse(content).data : undefined;
  }

  #mac(body: string): Hmac {
    return createHmac('sha256', this.#key).update(body);
  }
}
