import { linesOf } from './json.lines.js';
import { runLimited } from './limited.command.js';
import type { Extent, Outcome, Part } from './part.js';

const MINUTES: Record<Extent, number> = { full: 10, quick: 4 };
/** For the start, the filling of caches and the way down. */
const MORE_MS = 10 * 60_000;
const NAME = { en: 'Soak', zh: '持续负载' };

interface SoakReport {
  growthMbPerMinute: number;
  mostMbPerMinute: number;
  met: boolean;
  done: Record<string, number>;
}

/** Mixed load for minutes, whose heap must not grow. */
export const soakPart: Part = {
  name: NAME,
  async run(extent: Extent): Promise<Outcome> {
    const minutes = MINUTES[extent];
    const given = ['--import', '@oxc-node/core/register', 'test/soak/soak.ts', String(minutes)];
    const { output, seconds, fault } = await runLimited({ given, limitMs: minutes * 60_000 + MORE_MS });
    const outcome = { name: NAME, command: `npm run soak -- ${minutes}`, seconds };
    const report = linesOf<SoakReport>(output).find((line) => line.growthMbPerMinute !== undefined);
    if (report === undefined) return { ...outcome, result: { en: 'no result', zh: '没有结果' }, met: false, faults: [fault ?? 'it printed no result'] };
    const { growthMbPerMinute: growth, mostMbPerMinute: most, met, done } = report;
    const number = growth.toFixed(3);
    const work = Object.entries(done).map(([what, count]) => `${what} ${count.toLocaleString('en-US')}`).join(', ');
    return {
      ...outcome,
      result: { en: `the heap grows by ${number} MB/min (at most ${most}); ${work}`, zh: `堆每分钟增长 ${number} MB（上限 ${most}）；${work}` },
      met,
      faults: met ? [] : [`the heap grows by ${number} MB/min`],
    };
  },
};
