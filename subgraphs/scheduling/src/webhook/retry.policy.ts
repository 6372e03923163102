/** How often one webhook call is tried. */
export const TRIES = 3;

const FIRST_PAUSE_MS = 250;

/** The pause before the next try: twice as long each time, spread by half at random, never shorter than the server asked for. */
export function pauseAfter(tried: number, retryAfterMs: number | undefined, random: () => number = Math.random): number {
  const backoff = FIRST_PAUSE_MS * 2 ** (tried - 1);
  return Math.max(backoff * (0.5 + random()), retryAfterMs ?? 0);
}

/** What a `Retry-After` header asks for in ms: seconds or a date; undefined when it says nothing. */
export function retryAfterMs(header: string | undefined, now: number): number | undefined {
  if (header === undefined) return undefined;
  if (/^\d{1,9}$/.test(header.trim())) return Number(header) * 1_000;
  const date = Date.parse(header);
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}
