import { urlFault } from './http-url.js';

/** What a webhook answered: a URL that can be handed on, or what is wrong with the answer. */
export type WebhookAnswer = { url: string } | { problem: string };

/** Reads `{"url": "…"}`. */
export function readWebhookAnswer(text: string): WebhookAnswer {
  const answer = parse(text);
  if (typeof answer !== 'object' || answer === null) return { problem: 'it answered something other than a JSON object' };
  const url: unknown = (answer as Record<string, unknown>).url;
  if (typeof url !== 'string') return { problem: 'its answer has no "url"' };
  const problem = urlFault(url);
  return problem === undefined ? { url } : { problem: `its answer's "url" should be ${problem}` };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
