import { createHash, randomBytes } from 'node:crypto';
import { crc32 } from 'node:zlib';

/** What a credential's first letters tell: a ticket of a session, or an API token. */
export type CredentialKind = 'ticket' | 'token';

const PREFIXES: Record<CredentialKind, string> = { ticket: 'ht_', token: 'hut_' };
const SECRET_BYTES = 32;
const SHAPE = /^(?<prefix>ht_|hut_)(?<secret>[\w-]{43})(?<checksum>[\w-]{6})$/;

/** A new credential: prefix, 256 random bits, and a checksum by which mistyped ones are refused without a database. */
export function newCredential(kind: CredentialKind): string {
  const text = PREFIXES[kind] + randomSecret();
  return text + checksumOf(text);
}

/** Of which kind a text is; null when it cannot be a credential of ours. */
export function kindOfCredential(text: string): CredentialKind | null {
  const parts = SHAPE.exec(text)?.groups;
  if (!parts || checksumOf(parts.prefix! + parts.secret!) !== parts.checksum) return null;
  return parts.prefix === PREFIXES.ticket ? 'ticket' : 'token';
}

/** 256 random bits as text. */
export const randomSecret = (): string => randomBytes(SECRET_BYTES).toString('base64url');

/** What is kept of a secret: its SHA-256. A secret of 256 random bits needs no slow hash. */
export const hashOf = (secret: string): Buffer => createHash('sha256').update(secret).digest();

function checksumOf(text: string): string {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(crc32(text));
  return bytes.toString('base64url');
}
