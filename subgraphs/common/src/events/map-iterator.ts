/** Maps a stream. A plain iterator, not an async generator: its `return()` does not queue behind a pending `next()`. */
export function mapIterator<From, To>(source: AsyncIterable<From>, map: (item: From) => To | Promise<To>): AsyncIterableIterator<To> {
  const items = source[Symbol.asyncIterator]();
  return {
    [Symbol.asyncIterator]() {
      return this;
    },
    async next(): Promise<IteratorResult<To>> {
      const item = await items.next();
      return item.done ? { done: true, value: undefined } : { done: false, value: await map(item.value) };
    },
    async return(): Promise<IteratorResult<To>> {
      await items.return?.();
      return { done: true, value: undefined };
    },
  };
}
