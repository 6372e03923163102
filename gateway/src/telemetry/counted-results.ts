import type { FormattedExecutionResult } from 'graphql';
import { deliveries, subscriptions, type Transport } from './activities.js';

type Results = AsyncIterableIterator<FormattedExecutionResult>;

/** A subscription's results, told of while they are read. */
export function countedResults(results: Results, transport: Transport): Results {
  const end = subscriptions.begin({ transport });
  return {
    [Symbol.asyncIterator]() {
      return this;
    },
    async next() {
      try {
        const item = await results.next();
        if (item.done) end();
        else deliveries.tell({ transport, result: item.value });
        return item;
      } catch (error) {
        end({ error });
        throw error;
      }
    },
    async return() {
      end();
      await results.return?.();
      return { done: true, value: undefined };
    },
  };
}
