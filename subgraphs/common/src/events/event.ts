import { badInput } from '../errors/common.errors.js';

/** A place in the order of events: transaction id, then sequence within it. */
export interface EventPosition {
  /** `xid8` of the transaction that wrote the event. */
  xid: bigint;
  sequence: bigint;
}

/** Something that happened, as it was then. */
export interface StoredEvent<Payload = unknown> extends EventPosition {
  /** Opaque, for `after`. */
  id: string;
  topic: string;
  /** The id of the thing it happened to. */
  subject: string;
  payload: Payload;
  at: Date;
}

export const START: EventPosition = { xid: 0n, sequence: 0n };

export const encodeEventId = ({ xid, sequence }: EventPosition): string => Buffer.from(`${xid}.${sequence}`).toString('base64url');

/** The position an event id stands for; BAD_INPUT when it is none. */
export function decodeEventId(id: string): EventPosition {
  const match = /^(\d{1,20})\.(\d{1,19})$/.exec(Buffer.from(id, 'base64url').toString('latin1'));
  if (!match) throw badInput({ field: 'after', problem: 'expected the id of an event' });
  return { xid: BigInt(match[1]!), sequence: BigInt(match[2]!) };
}

export const isAfter = (a: EventPosition, b: EventPosition): boolean => a.xid > b.xid || (a.xid === b.xid && a.sequence > b.sequence);
