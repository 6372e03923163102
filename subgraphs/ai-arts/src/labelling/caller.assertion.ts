import { createPrivateKey, createPublicKey, hkdfSync, randomUUID, type KeyObject } from 'node:crypto';
import type { Caller } from '@hutong/common';
import { calculateJwkThumbprint, exportJWK, SignJWT, type JWK } from 'jose';

/** What an assertion is signed with. */
interface SigningKey {
  algorithm: 'EdDSA' | 'HS256';
  key: KeyObject | Uint8Array;
  /** Tells of several public keys which one verifies it; a shared secret has none. */
  id?: string;
}

export interface AssertionsOptions {
  /** The platform's, the same in every process. */
  platformSecret: string;
  /** Shared with who verifies; undefined: a key pair derived from the platform's secret. */
  sharedSecret?: string | undefined;
  /** Whom they are for. */
  audience: string;
}

const ISSUER = 'hutong';
const LIFETIME_SECONDS = 60;
const SEED_BYTES = 32;
/** What stands before the seed of an Ed25519 key in PKCS #8 (RFC 8410). */
const ED25519 = Buffer.from('302e020100300506032b657004220420', 'hex');

/**
 * Says who asks, to a server outside the platform: a JWT with `iss` hutong, `aud` the address of that server, `sub` the user's
 * id, `name` the username, `roles`, `jti`, and a life of 60 s. It is nothing to the platform itself.
 */
export class CallerAssertions {
  readonly #audience: string;
  readonly #publicKeys: readonly JWK[];
  readonly #key: SigningKey;

  private constructor(audience: string, key: SigningKey, publicKeys: readonly JWK[]) {
    this.#audience = audience;
    this.#key = key;
    this.#publicKeys = publicKeys;
  }

  static async open({ platformSecret, sharedSecret, audience }: AssertionsOptions): Promise<CallerAssertions> {
    if (sharedSecret !== undefined) return new CallerAssertions(audience, { algorithm: 'HS256', key: Buffer.from(sharedSecret) }, []);
    const seed = Buffer.from(hkdfSync('sha256', platformSecret, '', 'hutong caller assertion', SEED_BYTES));
    const key = createPrivateKey({ key: Buffer.concat([ED25519, seed]), format: 'der', type: 'pkcs8' });
    const jwk = await exportJWK(createPublicKey(key));
    const id = await calculateJwkThumbprint(jwk);
    return new CallerAssertions(audience, { algorithm: 'EdDSA', key, id }, [{ ...jwk, kid: id, alg: 'EdDSA', use: 'sig' }]);
  }

  /** What they are verified with, as a JWK Set; empty when that is a shared secret. */
  get keys(): { keys: readonly JWK[] } {
    return { keys: this.#publicKeys };
  }

  /** For a caller who is somebody. */
  sign({ userId, username, roles }: Caller): Promise<string> {
    const { algorithm, key, id } = this.#key;
    return new SignJWT({ name: username, roles })
      .setProtectedHeader({ alg: algorithm, typ: 'JWT', ...(id === undefined ? {} : { kid: id }) })
      .setIssuer(ISSUER)
      .setAudience(this.#audience)
      .setSubject(userId!)
      .setIssuedAt()
      .setExpirationTime(`${LIFETIME_SECONDS} s`)
      .setJti(randomUUID())
      .sign(key);
  }
}
