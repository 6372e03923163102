import { CloudError, type CloudFault } from '../driver.js';

/** An answer of the cloud, read whole. */
export interface Answer {
  status: number;
  headers: Readonly<Record<string, string | string[] | undefined>>;
  body: string;
}

const LONGEST_WORDS = 500;
/** What Neutron calls it when nothing is left to give; it says so with 404, 409 or 503. */
const USED_UP = /OverQuota|IpAddressGenerationFailure|ExternalIpAddressExhausted|NoMoreAddresses|IPAddressGenerationFailure/i;
const QUOTA_WORDS = /quota/i;

const FAULTS: Partial<Record<number, CloudFault>> = {
  401: 'UNAUTHORIZED',
  403: 'UNAUTHORIZED',
  404: 'NOT_FOUND',
  409: 'CONFLICT',
  413: 'QUOTA',
  429: 'BUSY',
  502: 'UNREACHABLE',
  503: 'BUSY',
  504: 'UNREACHABLE',
};

/** What an answer that is a refusal means: Nova says 403 when a quota is used up, Neutron 409, Glance 413. */
export function refusalOf({ status, headers, body }: Answer, asked: string): CloudError {
  const { words, type } = wordsOf(body);
  const retryAfterMs = retryAfter(headers['retry-after']);
  const message = `${asked}: ${words || `the cloud answers with HTTP ${status}`}`;
  if (USED_UP.test(type) || (status === 403 && QUOTA_WORDS.test(words))) return new CloudError('QUOTA', message);
  const fault = status === 413 && retryAfterMs !== undefined ? 'BUSY' : (FAULTS[status] ?? 'FAILED');
  return new CloudError(fault, message, fault === 'BUSY' && retryAfterMs !== undefined ? { retryAfterMs } : {});
}

/** A request that has no whole answer. */
export function unanswered(error: unknown, asked: string): CloudError {
  const { code, name, message } = error as NodeJS.ErrnoException;
  const words = name === 'TimeoutError' ? 'it took too long' : (code ?? message);
  return new CloudError('UNREACHABLE', `${asked}: no answer (${words})`, { cause: error });
}

/** The cloud's own words, whatever service wrote them: `{"forbidden": {"message": …}}`, `{"NeutronError": {…}}`, `{"error": {…}}` or HTML. */
function wordsOf(body: string): { words: string; type: string } {
  try {
    const [content] = Object.values(JSON.parse(body) as Record<string, unknown>).filter((value) => typeof value === 'object' && value !== null) as Record<string, unknown>[];
    const { message, type } = (content ?? JSON.parse(body)) as Record<string, unknown>;
    return { words: shortened(typeof message === 'string' ? message : ''), type: typeof type === 'string' ? type : '' };
  } catch {
    return { words: shortened(body.replaceAll(/<head>.*<\/head>|<[^>]*>/gs, ' ')), type: '' };
  }
}

const shortened = (text: string): string => text.replaceAll(/\s+/g, ' ').trim().slice(0, LONGEST_WORDS);

/** Seconds, or a date. */
function retryAfter(header: string | string[] | undefined): number | undefined {
  if (typeof header !== 'string') return undefined;
  const milliseconds = /^\d+$/.test(header) ? Number(header) * 1_000 : Date.parse(header) - Date.now();
  return Number.isNaN(milliseconds) ? undefined : Math.max(0, milliseconds);
}
