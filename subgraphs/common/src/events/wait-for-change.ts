/** What calls back with the id of whatever has changed, until the function it returns is called. */
export interface Changes {
  onChange(heard: (id: string) => void): () => void;
}

/** However events travel, it is looked again so often. */
const LOOK_AGAIN_MS = 1_000;

/**
 * Waits until what has this id is as wanted, the time is over, or the signal is aborted; it never rejects for the latter two.
 *
 * @param isThere looked at before, after every change, and once a second; not at all without time
 */
export async function waitForChange(changes: Changes, id: string, { atMostMs, signal }: { atMostMs: number; signal: AbortSignal }, isThere: () => Promise<boolean>): Promise<void> {
  if (atMostMs === 0) return;
  const deadline = Date.now() + atMostMs;
  let changed = Promise.withResolvers<void>();
  const stopListening = changes.onChange((changedId) => {
    if (changedId === id) changed.resolve();
  });
  const onAbort = (): void => changed.resolve();
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    while (!signal.aborted && !(await isThere()) && Date.now() < deadline) {
      const timer = setTimeout(() => changed.resolve(), Math.min(LOOK_AGAIN_MS, deadline - Date.now()));
      await changed.promise;
      clearTimeout(timer);
      changed = Promise.withResolvers();
    }
  } finally {
    stopListening();
    signal.removeEventListener('abort', onAbort);
  }
}
