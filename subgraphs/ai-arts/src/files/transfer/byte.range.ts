/** The part of a file that a request asks for. */
export interface AskedRange {
  from: number;
  to: number;
}

const RANGE = /^bytes=(?<from>\d*)-(?<to>\d*)$/;

/**
 * Reads a Range header (RFC 9110, 14.2).
 *
 * @returns undefined when all of the file is to be sent: there is no header, or one that asks for several parts or in another unit; null when the part is not in the file
 */
export function askedRange(header: string | undefined, sizeBytes: number): AskedRange | null | undefined {
  const { from = '', to = '' } = RANGE.exec(header?.trim() ?? '')?.groups ?? {};
  if (from === '' && to === '') return undefined;
  const last = sizeBytes - 1;
  if (from === '') return Number(to) === 0 || sizeBytes === 0 ? null : { from: Math.max(0, sizeBytes - Number(to)), to: last };
  if (to !== '' && Number(to) < Number(from)) return undefined;
  if (Number(from) > last) return null;
  return { from: Number(from), to: to === '' ? last : Math.min(Number(to), last) };
}

/** Whether a list of entity tags has this one, as If-None-Match compares them. */
export function matchesETag(header: string | undefined, etag: string): boolean {
  const opaque = (tag: string): string => tag.trim().replace(/^W\//, '');
  return header !== undefined && (header.trim() === '*' || header.split(',').some((tag) => opaque(tag) === opaque(etag)));
}
