import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';

const CIPHER = 'aes-256-gcm';
const IV_BYTES = 12;
const TAG_BYTES = 16;
const ENCRYPTED = 'gcm:';

/**
 * Keeps secrets that must be read again (a webhook's, to sign with): encrypted with AES-256-GCM under a key derived
 * from the platform's secret.
 */
export class SecretBox {
  readonly #key: Buffer;

  constructor(platformSecret: string) {
    this.#key = Buffer.from(hkdfSync('sha256', platformSecret, '', 'hutong scheduling webhook secrets', 32));
  }

  /** The secret in the form that is stored. */
  close(secret: string): string {
    const iv = randomBytes(IV_BYTES);
    const cipher = createCipheriv(CIPHER, this.#key, iv, { authTagLength: TAG_BYTES });
    const text = Buffer.concat([cipher.update(secret, 'utf8'), cipher.final()]);
    return ENCRYPTED + Buffer.concat([iv, cipher.getAuthTag(), text]).toString('base64url');
  }

  /** The secret again, or undefined when it was encrypted under another platform secret. */
  open(stored: string): string | undefined {
    if (!stored.startsWith(ENCRYPTED)) return undefined;
    const box = Buffer.from(stored.slice(ENCRYPTED.length), 'base64url');
    try {
      const decipher = createDecipheriv(CIPHER, this.#key, box.subarray(0, IV_BYTES), { authTagLength: TAG_BYTES });
      decipher.setAuthTag(box.subarray(IV_BYTES, IV_BYTES + TAG_BYTES));
      return Buffer.concat([decipher.update(box.subarray(IV_BYTES + TAG_BYTES)), decipher.final()]).toString('utf8');
    } catch {
      return undefined;
    }
  }
}
