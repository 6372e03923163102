import { setTimeout as pause } from 'node:timers/promises';
import { HutongError } from '@hutong/common';
import { errors, request, type Agent } from 'undici';
import { providerRefused, providerUnreachable } from '../errors.js';
import { AddressNotAllowed, guardedAgent, type Resolve } from './guarded-agent.js';
import type { NetworkPolicy } from './network.policy.js';
import { pauseAfter, retryAfterMs, TRIES } from './retry.policy.js';
import { readWebhookAnswer } from './webhook.answer.js';
import { signatureOf } from './webhook.signature.js';

/** What a provider is asked: to give a task an address on one of its resources. */
export interface WebhookCall {
  organization: string;
  url: string;
  secret: string;
  /** How long one try may take. */
  timeoutMs: number;
  /** How long all tries together may take. */
  budgetMs: number;
  /** The same for every try, and for every repetition after a crash. */
  idempotencyKey: string;
  body: { task_id: number; computing_resource_id: number; computing_id: string; template: object };
}

const MAX_RESPONSE_BYTES = 65_536;

/** A try that failed, and whether another may fare better. */
class FailedTry {
  constructor(
    readonly failure: HutongError,
    readonly isWorthRetrying: boolean,
    readonly retryAfterMs?: number,
  ) {}
}

/**
 * Asks providers' webhooks for addresses. Connection failures, timeouts, 5xx and 429 are tried three times with growing
 * pauses; anything else is final. Redirects are not followed.
 */
export class WebhookClient {
  readonly #agent: Agent;

  constructor(policy: NetworkPolicy, resolve?: Resolve) {
    this.#agent = guardedAgent({ policy, maxResponseBytes: MAX_RESPONSE_BYTES, ...(resolve ? { resolve } : {}) });
  }

  /**
   * @returns the URL that the provider answered
   * @throws PROVIDER_REFUSED, PROVIDER_UNREACHABLE
   */
  async allocate(call: WebhookCall): Promise<string> {
    const deadline = performance.now() + call.budgetMs;
    const body = JSON.stringify(call.body);
    for (let tried = 1; ; tried++) {
      const result = await this.#try(call, body, deadline);
      if (typeof result === 'string') return result;
      const wait = pauseAfter(tried, result.retryAfterMs);
      if (!result.isWorthRetrying || tried === TRIES || performance.now() + wait >= deadline) throw result.failure;
      await pause(wait);
    }
  }

  /** Ends every connection, answered or not. */
  stop(): Promise<void> {
    return this.#agent.destroy();
  }

  async #try({ organization, url, secret, timeoutMs, idempotencyKey }: WebhookCall, body: string, deadline: number): Promise<string | FailedTry> {
    const timestamp = String(Math.floor(Date.now() / 1_000));
    const timeLeft = Math.max(1, Math.ceil(Math.min(timeoutMs, deadline - performance.now())));
    try {
      const response = await request(url, {
        dispatcher: this.#agent,
        method: 'POST',
        body,
        signal: AbortSignal.timeout(timeLeft),
        headers: {
          'content-type': 'application/json',
          accept: 'application/json',
          'user-agent': 'hutong-scheduling',
          'x-hutong-timestamp': timestamp,
          'x-hutong-signature': signatureOf(secret, timestamp, body),
          'idempotency-key': idempotencyKey,
        },
      });
      const text = await response.body.text();
      return this.#read(organization, { status: response.statusCode, text, retryAfter: String(response.headers['retry-after'] ?? '') || undefined });
    } catch (cause) {
      return failedConnection(organization, cause, timeLeft);
    }
  }

  #read(organization: string, { status, text, retryAfter }: { status: number; text: string; retryAfter: string | undefined }): string | FailedTry {
    const unreachable = (problem: string) => providerUnreachable({ organization, problem });
    if (status === 429 || status >= 500) return new FailedTry(unreachable(`it answered ${status}`), true, retryAfterMs(retryAfter, Date.now()));
    if (status >= 400) return new FailedTry(providerRefused({ organization, answer: String(status) }), false);
    if (status >= 300) return new FailedTry(unreachable(`it answered with a redirect (${status}), which is not followed`), false);
    const answer = readWebhookAnswer(text);
    return 'url' in answer ? answer.url : new FailedTry(unreachable(answer.problem), false);
  }
}

/** What to tell of a connection that failed: never the address it was made to, which could map a private network. */
function failedConnection(organization: string, cause: unknown, timeLeft: number): FailedTry {
  const failed = (problem: string, isWorthRetrying: boolean) => new FailedTry(providerUnreachable({ organization, problem, cause }), isWorthRetrying);
  if (cause instanceof AddressNotAllowed) return failed('its address is not one that this platform connects to', false);
  if (cause instanceof errors.ResponseExceededMaxSizeError) return failed(`it answered more than ${MAX_RESPONSE_BYTES} bytes`, false);
  if (cause instanceof DOMException && cause.name === 'TimeoutError') return failed(`it did not answer within ${(timeLeft / 1_000).toFixed(1)} s`, true);
  return failed('the connection failed', true);
}
