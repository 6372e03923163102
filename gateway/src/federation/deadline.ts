/**
 * Runs work that has a time limit and is given up when `outer` is aborted. The work's own signal is aborted in both cases.
 *
 * @param start when the time begins; undefined: now
 * @param tooLate what to reject with when the time is over
 * @throws the reason of `outer`, or what `tooLate` makes, whether the work ends or not
 */
export async function withDeadline<Result>(
  outer: AbortSignal,
  milliseconds: number,
  tooLate: () => Error,
  work: (signal: AbortSignal) => Promise<Result>,
  start?: Promise<void>,
): Promise<Result> {
  outer.throwIfAborted();
  const controller = new AbortController();
  const { promise: givenUp, reject } = Promise.withResolvers<never>();
  const giveUp = (reason: unknown): void => {
    reject(reason);
    controller.abort(reason);
  };
  let timer: NodeJS.Timeout | undefined;
  let ended = false;
  const begin = (): void => {
    if (!ended) timer = setTimeout(() => giveUp(tooLate()), milliseconds);
  };
  if (start) void start.then(begin);
  else begin();
  const follow = (): void => giveUp(outer.reason);
  outer.addEventListener('abort', follow, { once: true });
  try {
    return await Promise.race([work(controller.signal), givenUp]);
  } finally {
    ended = true;
    clearTimeout(timer);
    outer.removeEventListener('abort', follow);
  }
}
