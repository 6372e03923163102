/** A stream without the items that do not pass. A plain iterator: its `return()` does not queue behind a pending `next()`. */
export function filterIterator<Item>(source: AsyncIterableIterator<Item>, passes: (item: Item) => boolean): AsyncIterableIterator<Item> {
  return {
    [Symbol.asyncIterator]() {
      return this;
    },
    async next(): Promise<IteratorResult<Item>> {
      for (;;) {
        const item = await source.next();
        if (item.done || passes(item.value)) return item;
      }
    },
    async return(): Promise<IteratorResult<Item>> {
      await source.return?.();
      return { done: true, value: undefined };
    },
  };
}
