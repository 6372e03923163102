/** Does the work of one call, with its failures as callers know them: the signal's reason, the body's own, or a {@link StoreError}. */
export type Translated = <Result>(signal: AbortSignal, work: () => Promise<Result>) => Promise<Result>;

/** @param asStoreError a driver's own failures in the words of every store */
export const translating =
  (asStoreError: (error: unknown) => unknown): Translated =>
  async (signal, work) => {
    signal.throwIfAborted();
    try {
      return await work();
    } catch (error) {
      signal.throwIfAborted();
      throw asStoreError(error);
    }
  };
