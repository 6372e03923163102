import type { NewEvent } from '@hutong/common';

export const REPORTED = 'resources-reported';

/** Resources that one batch gave a new state, as runs of consecutive ids: what was registered together is reported together. */
export interface ReportedPayload {
  runs: [first: number, length: number][];
}

/** The one event of a batch; none when nothing has a new state. */
export function reportedEvent(ids: readonly number[]): NewEvent[] {
  return ids.length === 0 ? [] : [{ topic: REPORTED, subject: 'batch', payload: { runs: runsOf(ids) } satisfies ReportedPayload }];
}

function runsOf(ids: readonly number[]): ReportedPayload['runs'] {
  const runs: ReportedPayload['runs'] = [];
  for (const id of Int32Array.from(ids).toSorted()) {
    const run = runs.at(-1);
    if (run && run[0] + run[1] === id) run[1] += 1;
    else runs.push([id, 1]);
  }
  return runs;
}

/** The ids that a batch's event stands for, in order. */
export function* idsOf({ runs }: ReportedPayload): Generator<number> {
  for (const [first, length] of runs) for (let id = first; id < first + length; id++) yield id;
}
