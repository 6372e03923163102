const FIRST_MS = 250;
const LONGEST_MS = 10_000;

/** Waits before another attempt: longer after each one that failed, and never the same time for all clients. Throws what the signal was aborted with. */
export async function pause(failures: number, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  await new Promise<void>((resolve, reject) => {
    const stop = (): void => {
      clearTimeout(timer);
      reject(signal.reason as Error);
    };
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', stop);
      resolve();
    }, Math.min(LONGEST_MS, FIRST_MS * 2 ** failures) * (0.5 + Math.random() / 2));
    signal.addEventListener('abort', stop, { once: true });
  });
}
