type Body = AsyncIterable<Uint8Array>;

/** What a body failed with, to be told from the failures of the store. */
export class BodyFailure extends Error {
  override readonly name = 'BodyFailure';
}

/**
 * The chunks of a body. It stops waiting for the next one when `signal` aborts, and throws its reason then; what the body
 * itself throws comes as the cause of a {@link BodyFailure}. A body that is not read to its end is destroyed.
 */
export async function* arriving(body: Body, signal: AbortSignal): AsyncGenerator<Uint8Array, void, void> {
  const iterator = body[Symbol.asyncIterator]();
  // One promise for each chunk: a race against one promise of the abort would keep every chunk of it in memory.
  let giveUp = (): void => {};
  const onAbort = (): void => giveUp();
  signal.addEventListener('abort', onAbort);
  let isRead = false;
  try {
    for (;;) {
      const next = await new Promise<IteratorResult<Uint8Array>>((resolve, reject) => {
        giveUp = () => reject(signal.reason as Error);
        if (signal.aborted) giveUp();
        iterator.next().then(resolve, (error: unknown) => reject(new BodyFailure('the body failed', { cause: error })));
      });
      if (next.done) {
        isRead = true;
        return;
      }
      yield next.value;
    }
  } finally {
    signal.removeEventListener('abort', onAbort);
    if (!isRead) letGo(body, iterator);
  }
}

/** A stream is destroyed at once; what has only `return` may still wait for its next chunk, and nobody waits for that. */
function letGo(body: Body, iterator: AsyncIterator<Uint8Array>): void {
  if (!destroyed(body)) iterator.return?.()?.catch(() => {});
}

/** Destroys a body that is a stream, also one that nobody has begun to read; answers whether it is one. */
export function destroyed(body: Body): boolean {
  if (!('destroy' in body) || typeof body.destroy !== 'function') return false;
  body.destroy();
  return true;
}
