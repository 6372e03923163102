// Runs the benchmarks and prints one JSON line each and a table at the end: `npm run bench [-- part of a name] [--quick]`.
// With --list it prints which there are, a JSON line each, and runs none; with --chart it measures the deep query on every
// gateway instead, and writes the picture and the tables of the READMEs.
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { Benchmark } from './benchmark.js';
import { chartDeepQuery } from './chart/deep-query.chart.js';
import { median } from './statistics.js';

const flag = { type: 'boolean', default: false } as const;
const { values: { list, quick, chart }, positionals: [wanted = ''] } = parseArgs({ allowPositionals: true, options: { list: flag, quick: flag, chart: flag } });
if (chart) {
  await chartDeepQuery(quick);
  process.exit();
}
const files = (await readdir(import.meta.dirname)).filter((name) => name.endsWith('.bench.ts')).toSorted();
const table: Record<string, string | boolean>[] = [];

for (const file of files) {
  const { benchmarks } = (await import(join(import.meta.dirname, file))) as { benchmarks: Benchmark[] };
  if (list) {
    for (const { name, target } of benchmarks) console.log(JSON.stringify({ file, name, target }));
    continue;
  }
  for (const benchmark of benchmarks.filter(({ name }) => name.includes(wanted))) {
    const { name, target } = benchmark;
    try {
      const { ratio, detail } = await benchmark.run(quick);
      const result = { min: round(Math.min(...ratio)), median: round(median(ratio)), max: round(Math.max(...ratio)) };
      const met = benchmark.meets(median(ratio));
      console.log(JSON.stringify({ name, target, ...result, met, detail }));
      table.push({ name, target, min: String(result.min), median: String(result.median), max: String(result.max), met });
    } catch (error) {
      // The other rows are worth having without this one.
      console.log(JSON.stringify({ name, target, met: false, fault: (error as Error).message }));
      table.push({ name, target, met: false });
    }
  }
}
if (list) process.exit();
console.table(table);
process.exit(table.length > 0 ? 0 : 1);

function round(value: number): number {
  return Number(value.toPrecision(3));
}
