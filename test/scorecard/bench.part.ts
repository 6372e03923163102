import { linesOf } from './json.lines.js';
import { runLimited } from './limited.command.js';
import type { Extent, Measurement, Outcome, Part } from './part.js';

const BENCH = ['--import', '@oxc-node/core/register', 'test/bench/bench.ts'];
/** Of one benchmark: the longest measures for minutes. */
const LIMIT_MS = 20 * 60_000;
const LIST_LIMIT_MS = 2 * 60_000;
/** Files of what a quick run measures. */
const QUICK = ['deep-query.bench.ts', 'federated-join.bench.ts', 'front.bench.ts', 'hostile.bench.ts'];
const NAME = { en: 'Benchmarks', zh: '基准测试' };

interface Listed {
  file: string;
  name: string;
  target: string;
}

type Line = Pick<Measurement, 'name' | 'target' | 'met' | 'fault'> & Partial<Pick<Measurement, 'min' | 'median' | 'max'>>;

/** Every benchmark, each in a process of its own, so that one that hangs or dies takes no other with it. */
export const benchPart: Part = {
  name: NAME,
  async run(extent: Extent): Promise<Outcome> {
    const command = 'npm run bench';
    const list = await runLimited({ given: [...BENCH, '--list'], limitMs: LIST_LIMIT_MS });
    if (list.fault !== undefined) return { name: NAME, command, result: { en: 'no result', zh: '没有结果' }, met: false, seconds: list.seconds, faults: [list.fault] };
    const listed = linesOf<Listed>(list.output).filter(({ file }) => extent === 'full' || QUICK.includes(file));
    const measurements: Measurement[] = [];
    let seconds = 0;
    for (const benchmark of listed) {
      console.log(`  ${benchmark.name}…`);
      const end = await runLimited({ given: [...BENCH, benchmark.name], limitMs: LIMIT_MS });
      seconds += end.seconds;
      measurements.push(measured(benchmark, end.output, end.fault));
    }
    const met = measurements.filter((measurement) => measurement.met).length;
    return {
      name: NAME,
      command,
      result: { en: `${met} of ${measurements.length} targets`, zh: `${measurements.length} 项目标中达到 ${met} 项` },
      met: met === measurements.length && met > 0,
      seconds,
      faults: measurements.filter(({ fault }) => fault !== undefined).map(({ name, fault }) => `${name}: ${fault}`),
      measurements,
    };
  },
};

/** What a benchmark printed, or why it printed nothing. */
export function measured({ name, target }: Pick<Listed, 'name' | 'target'>, output: string, fault: string | undefined): Measurement {
  const line = linesOf<Line>(output).find((printed) => printed.name === name);
  const { min, median, max, met = false } = line ?? {};
  const reason = line?.fault ?? (line === undefined ? (fault ?? 'it printed nothing') : undefined);
  return { name, target, min, median, max, met, ...(reason === undefined ? {} : { fault: reason.split('\n', 1)[0]! }) };
}
