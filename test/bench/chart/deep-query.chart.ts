import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { handWritten, measureDeepQuery } from '../../load/deep-query/deep-query.world.js';
import { apollo, ours } from '../../load/gateways.js';
import type { Rates } from '../../load/measurement.js';
import { hiveJs, hiveRust, installPeers } from '../../load/peers.js';
import { withSummary } from '../../scorecard/scorecard.page.js';
import { shown } from '../rates.js';
import { median } from '../statistics.js';
import { barChart, type BarPanel } from './bar.chart.js';

const REPOSITORY = join(import.meta.dirname, '../../..');
const MARKER = 'deep query';

type Side = 'ours' | 'handWritten' | 'hiveRust' | 'hiveJs' | 'apollo';

const NAMES: Record<Side, { en: string; zh: string }> = {
  ours: { en: 'Hutong', zh: 'Hutong' },
  handWritten: { en: 'written by hand for this query', zh: '为此查询手写的程序' },
  hiveRust: { en: 'Hive Gateway, Rust planner', zh: 'Hive Gateway，Rust 规划器' },
  hiveJs: { en: 'Hive Gateway, JS planner', zh: 'Hive Gateway，JS 规划器' },
  apollo: { en: '@apollo/gateway', zh: '@apollo/gateway' },
};
const HEADS = {
  en: '| | requests a second | processor time of a request | requests in the same processor time |',
  zh: '| | 每秒请求数 | 每个请求的处理器时间 | 相同处理器时间内的请求数 |',
};

interface Reached {
  side: Side;
  requestsPerSecond: number;
  cpuMicros: number;
}

/** Measures the deep query on every gateway in turns, and writes the picture and the tables of the READMEs. */
export async function chartDeepQuery(quick: boolean): Promise<void> {
  await installPeers();
  const rates = await measureDeepQuery({ ours, handWritten, hiveRust, hiveJs, apollo }, quick);
  console.log(JSON.stringify({ name: 'deep query: all gateways in turns', detail: shown(rates) }));
  const reached = reachedOf(rates);
  await writeFile(join(REPOSITORY, 'docs/deep-query.svg'), barChart(panels(reached)));
  for (const [file, language] of [['README.md', 'en'], ['README.zh.md', 'zh']] as const) {
    const path = join(REPOSITORY, file);
    await writeFile(path, withSummary(await readFile(path, 'utf8'), table(reached, language), MARKER));
  }
}

const reachedOf = (rates: Readonly<Record<Side, Rates>>): Reached[] =>
  (Object.keys(NAMES) as Side[]).map((side) => ({ side, requestsPerSecond: median(rates[side].requestsPerSecond), cpuMicros: median(rates[side].cpuMicros) }));

const milliseconds = (micros: number): string => `${(micros / 1_000).toPrecision(2)} ms`;

const panels = (reached: readonly Reached[]): BarPanel[] => [
  { title: 'Requests a second, 50 callers', bars: reached.map(({ side, requestsPerSecond }) => ({ name: NAMES[side].en, value: requestsPerSecond, label: requestsPerSecond.toLocaleString('en'), isOurs: side === 'ours' })) },
  { title: 'Processor time of a request', bars: reached.map(({ side, cpuMicros }) => ({ name: NAMES[side].en, value: cpuMicros, label: milliseconds(cpuMicros), isOurs: side === 'ours' })) },
];

function table(reached: readonly Reached[], language: 'en' | 'zh'): string {
  const slowest = Math.max(...reached.map(({ cpuMicros }) => cpuMicros));
  const rows = reached.map(({ side, requestsPerSecond, cpuMicros }) => `| ${NAMES[side][language]} | ${requestsPerSecond.toLocaleString('en')} | ${milliseconds(cpuMicros)} | ${(slowest / cpuMicros).toPrecision(2)} × |`);
  return [HEADS[language], '|---|---|---|---|', ...rows].join('\n');
}
