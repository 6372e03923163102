import { createHash } from 'node:crypto';
import { isIPv6 } from 'node:net';
import { sql } from '@hutong/common';
import type { EntityManager } from '@mikro-orm/postgresql';
import type { Clock } from '../context.js';
import { tooManyLogins } from '../errors.js';

/** Failures within a window before more attempts are refused. */
export interface LoginLimits {
  perUserAndAddress: number;
  /** Past this, each address has one failure only: a guess from many places is stopped, the user is not locked out. */
  perUser: number;
  perAddress: number;
}

/** A window begins with its first failure and is not lengthened by later ones. */
const WINDOW_MS = 15 * 60_000;
/** What an address may still fail while a user is under attack from everywhere. */
const UNDER_ATTACK = 1;

interface Count {
  failures: number;
  ends_at: Date | string;
}

/** The counts an attempt goes into. */
interface Keys {
  pair: Buffer;
  user: Buffer;
  address: Buffer;
}

/**
 * Counts failed logins in the database, so that several processes agree and a restart forgets nothing. An attempt counts
 * as a failure from before its password is looked at until it succeeds: a storm at once gets no more guesses than a
 * patient one. Written for this, and not taken from a limiter library, because one statement counts all three and the
 * allowance of one depends on the count of another.
 */
export class LoginThrottle {
  readonly #limits: LoginLimits;
  readonly #now: Clock;

  constructor(limits: LoginLimits, now: Clock) {
    this.#limits = limits;
    this.#now = now;
  }

  /**
   * Lets an attempt through, or throws TOO_MANY_LOGINS.
   * @returns what to call when the attempt succeeded
   */
  async admit(em: EntityManager, userKey: string, address: string | null): Promise<() => Promise<void>> {
    const keys = keysOf(userKey, networkOf(address));
    const now = this.#now();
    // Refused attempts only read: they neither lengthen the window nor fill the table.
    this.#requireBelow(await readCounts(em, keys, now), keys, 0);
    this.#requireBelow(await addFailure(em, keys, now), keys, 1);
    return () => takeBack(em, keys);
  }

  #requireBelow(counts: Map<string, Count>, keys: Keys, own: number): void {
    const { perUserAndAddress, perUser, perAddress } = this.#limits;
    const failuresOf = (key: Buffer) => (counts.get(key.toString('hex'))?.failures ?? own) - own;
    const isUnderAttack = failuresOf(keys.user) >= perUser;
    const pairLimit = isUnderAttack ? Math.min(UNDER_ATTACK, perUserAndAddress) : perUserAndAddress;
    const full = [
      ...(failuresOf(keys.pair) >= pairLimit ? [keys.pair] : []),
      ...(failuresOf(keys.address) >= perAddress ? [keys.address] : []),
    ];
    if (full.length === 0) return;
    const ends = Math.max(...full.map((key) => new Date(counts.get(key.toString('hex'))!.ends_at).getTime()));
    const retryAfterSeconds = Math.max(1, Math.ceil((ends - this.#now().getTime()) / 1_000));
    throw tooManyLogins({ retryAfterSeconds, extensions: { retryAfterSeconds } });
  }
}

/** What an address is counted by: an IPv6 customer has a whole /64. */
function networkOf(address: string | null): string {
  if (address === null) return 'unknown';
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address);
  if (mapped) return mapped[1]!;
  if (!isIPv6(address)) return address;
  const [head = '', tail = ''] = address.split('%')[0]!.split('::');
  const groups = (text: string) => text.split(':').filter((group) => group !== '');
  const left = groups(head);
  const right = groups(tail);
  const full = address.includes('::') ? [...left, ...Array<string>(Math.max(0, 8 - left.length - right.length)).fill('0'), ...right] : left;
  return full.slice(0, 4).map((group) => Number.parseInt(group, 16).toString(16)).join(':');
}

/** Hashed, as people type passwords where usernames belong. */
function keysOf(userKey: string, network: string): Keys {
  const hashed = (...parts: string[]) => createHash('sha256').update(JSON.stringify(parts)).digest();
  return { pair: hashed('pair', userKey, network), user: hashed('user', userKey), address: hashed('address', network) };
}

const inOneOrder = (keys: Keys): Buffer[] => [keys.pair, keys.user, keys.address].toSorted((a, b) => a.compare(b));

async function readCounts(em: EntityManager, keys: Keys, now: Date): Promise<Map<string, Count>> {
  return byKey(await sql(em, `select encode(key, 'hex') as key, failures, ends_at from machines.login_throttle where key = any($1) and ends_at > $2`, [[keys.pair, keys.user, keys.address], now]));
}

/** Keys go in one order, so that two attempts never wait for each other. */
async function addFailure(em: EntityManager, keys: Keys, now: Date): Promise<Map<string, Count>> {
  return byKey(
    await sql(
      em,
      `insert into machines.login_throttle as counted (key, failures, ends_at)
       select key, 1, $3::timestamptz from unnest($1::bytea[]) as key
       on conflict (key) do update set
         failures = case when counted.ends_at > $2 then counted.failures + 1 else 1 end,
         ends_at = case when counted.ends_at > $2 then counted.ends_at else excluded.ends_at end
       returning encode(key, 'hex') as key, failures, ends_at`,
      [inOneOrder(keys), now, new Date(now.getTime() + WINDOW_MS)],
    ),
  );
}

/** A success clears what its user failed from its address, and its own part of the other counts. */
async function takeBack(em: EntityManager, keys: Keys): Promise<void> {
  await sql(
    em,
    `with locked as (select key from machines.login_throttle where key = any($1) order by key for update)
     update machines.login_throttle counted set failures = case when counted.key = $2 then 0 else greatest(counted.failures - 1, 0) end
     from locked where counted.key = locked.key`,
    [inOneOrder(keys), keys.pair],
  );
}

const byKey = (rows: unknown[]): Map<string, Count> => new Map((rows as (Count & { key: string })[]).map((row) => [row.key, row]));
