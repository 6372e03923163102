import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto';
import { tooManyLogins } from '../errors.js';

/** What a hash costs: 2^log2Cost × blockSize × 128 bytes of memory, gone through `parallelism` times. */
interface ScryptParameters {
  log2Cost: number;
  blockSize: number;
  parallelism: number;
}

/** One of the settings that OWASP calls equal; the one of 32 MiB, so that a storm of logins does not eat the memory. */
const OWASP: ScryptParameters = { log2Cost: 15, blockSize: 8, parallelism: 3 };

const SALT_BYTES = 16;
const HASH_BYTES = 32;
/** libuv has four threads for this and for files and names; half of them stay free. */
const AT_ONCE = 2;
const MAY_WAIT = 200;
const BUSY_RETRY_SECONDS = 2;
const PHC = /^\$scrypt\$ln=(\d+),r=(\d+),p=(\d+)\$([\w+/]+)\$([\w+/]+)$/;

/** Hashes passwords with scrypt, two at a time; texts are compared in their composed form (NFC). */
export class PasswordHasher {
  readonly #parameters: ScryptParameters;
  readonly #waiting: (() => void)[] = [];
  #running = 0;

  /** @param log2Cost of new hashes; a stored hash is checked with the cost it was made with */
  constructor(log2Cost: number) {
    this.#parameters = { ...OWASP, log2Cost };
  }

  /** A salted hash as `$scrypt$ln=…,r=…,p=…$salt$hash`. */
  async hash(password: string): Promise<string> {
    const salt = randomBytes(SALT_BYTES);
    const hash = await this.#derive(password, salt, this.#parameters);
    const { log2Cost, blockSize, parallelism } = this.#parameters;
    return `$scrypt$ln=${log2Cost},r=${blockSize},p=${parallelism}$${base64(salt)}$${base64(hash)}`;
  }

  /** Whether the password made this hash. Without a hash it takes as long and answers false. */
  async verify(password: string, stored: string | null): Promise<boolean> {
    const parsed = stored === null ? undefined : PHC.exec(stored);
    if (!parsed) {
      await this.#derive(password, randomBytes(SALT_BYTES), this.#parameters);
      return false;
    }
    const [, log2Cost, blockSize, parallelism, salt, hash] = parsed;
    const expected = Buffer.from(hash!, 'base64');
    const actual = await this.#derive(password, Buffer.from(salt!, 'base64'), {
      log2Cost: Number(log2Cost),
      blockSize: Number(blockSize),
      parallelism: Number(parallelism),
    });
    return actual.length === expected.length && timingSafeEqual(actual, expected);
  }

  async #derive(password: string, salt: Buffer, { log2Cost, blockSize, parallelism }: ScryptParameters): Promise<Buffer> {
    await this.#turn();
    try {
      const N = 2 ** log2Cost;
      return await new Promise<Buffer>((resolve, reject) => {
        const limits = { N, r: blockSize, p: parallelism, maxmem: 256 * N * blockSize };
        scrypt(password.normalize('NFC'), salt, HASH_BYTES, limits, (error, key) => (error ? reject(error) : resolve(key)));
      });
    } finally {
      const next = this.#waiting.shift();
      if (next) next();
      else this.#running -= 1;
    }
  }

  async #turn(): Promise<void> {
    if (this.#running < AT_ONCE) {
      this.#running += 1;
      return;
    }
    if (this.#waiting.length >= MAY_WAIT) throw tooManyLogins({ retryAfterSeconds: BUSY_RETRY_SECONDS, extensions: { retryAfterSeconds: BUSY_RETRY_SECONDS } });
    await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }
}

const base64 = (bytes: Buffer): string => bytes.toString('base64').replaceAll('=', '');
