import { createParser, type EventSourceMessage } from 'eventsource-parser';
import { HutongError } from './hutong.error.js';

/** The platform writes something every 12 s, if only a comment. */
const SILENCE_MS = 40_000;

/**
 * The results of a subscription over server-sent events (GraphQL over SSE, distinct connections), until it is complete.
 *
 * @throws HutongError CONNECTION_LOST when the stream ends before, or goes silent
 */
export async function* resultsOf(body: ReadableStream<Uint8Array>): AsyncGenerator<unknown> {
  const messages: EventSourceMessage[] = [];
  const parser = createParser({ onEvent: (message) => messages.push(message) });
  const decoder = new TextDecoder();
  const reader = body.getReader();
  try {
    for (;;) {
      const { done, value } = await soon(reader.read());
      if (done) throw new HutongError('CONNECTION_LOST', 'The subscription ended before it was complete.');
      parser.feed(decoder.decode(value, { stream: true }));
      for (const { event, data } of messages.splice(0)) {
        if (event === 'complete') return;
        if (event === 'next') yield JSON.parse(data) as unknown;
      }
    }
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}

async function soon<Value>(work: Promise<Value>): Promise<Value> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const silence = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new HutongError('CONNECTION_LOST', `The subscription was silent for ${SILENCE_MS / 1_000} s.`)), SILENCE_MS);
  });
  try {
    return await Promise.race([work, silence]);
  } finally {
    clearTimeout(timer);
  }
}
