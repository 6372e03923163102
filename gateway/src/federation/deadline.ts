/**
 * Runs work that has a time limit and is given up when `outer` is aborted. The work's own signal is aborted in both cases.
 *
 * @param tooLate what to reject with when the time is over
 * @throws the reason of `outer`, or what `tooLate` makes, whether the work ends or not
 */
export async function withDeadline<Result>(
  outer: AbortSignal,
  milliseconds: number,
  tooLate: () => Error,
  work: (signal: AbortSignal) => Promise<Result>,
): Promise<Result> {
  outer.throwIfAborted();
  const controller = new AbortController();
  const { promise: givenUp, reject } = Promise.withResolvers<never>();
  const giveUp = (reason: unknown): void => {
    reject(reason);
    controller.abort(reason);
  };
  const timer = setTimeout(() => giveUp(tooLate()), milliseconds);
  const follow = (): void => giveUp(outer.reason);
  outer.addEventListener('abort', follow, { once: true });
  try {
    return await Promise.race([work(controller.signal), givenUp]);
  } finally {
    clearTimeout(timer);
    outer.removeEventListener('abort', follow);
  }
}
