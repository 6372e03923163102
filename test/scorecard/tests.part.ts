import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runLimited } from './limited.command.js';
import type { Bilingual, Extent, Outcome, Part } from './part.js';

const LIMIT_MS = 30 * 60_000;
const VITEST = 'node_modules/vitest/vitest.mjs';
/** Faults of a part that are worth a line each. */
const MOST_FAULTS = 20;

export interface TestsOptions {
  name: Bilingual;
  /** Folders and files of tests. */
  paths: readonly string[];
  /** What a quick run sets; a full one is as thorough as `npm test`. */
  quick?: Record<string, string>;
}

interface TestReport {
  numTotalTests: number;
  numPassedTests: number;
  numFailedTests: number;
  numPendingTests: number;
  testResults: {
    name: string;
    message: string;
    status: string;
    assertionResults: { fullName: string; status: string; failureMessages: string[]; meta?: { figures?: Record<string, number | string> } }[];
  }[];
}

/** Tests that are a part of the scorecard: how many pass, and the figures that they tell. */
export function testsPart({ name, paths, quick = {} }: TestsOptions): Part {
  const command = `npx vitest run --project "one process" ${paths.join(' ')}`;
  return {
    name,
    async run(extent: Extent): Promise<Outcome> {
      const folder = await mkdtemp(join(tmpdir(), 'hutong-scorecard-'));
      const file = join(folder, 'report.json');
      try {
        const given = [VITEST, 'run', '--project', 'one process', '--reporter=json', `--outputFile=${file}`, ...paths];
        const environment = extent === 'full' ? {} : quick;
        const { seconds, fault } = await runLimited({ given, environment, limitMs: LIMIT_MS });
        const report = await readFile(file, 'utf8').then((text) => JSON.parse(text) as TestReport, () => undefined);
        return { name, command, seconds, ...judged(report, fault) };
      } finally {
        await rm(folder, { recursive: true, force: true });
      }
    },
  };
}

/** What a report says, or why there is none. */
export function judged(report: TestReport | undefined, fault: string | undefined): Pick<Outcome, 'result' | 'met' | 'faults'> {
  if (report === undefined || report.numTotalTests === 0) return { result: { en: 'no result', zh: '没有结果' }, met: false, faults: [fault ?? 'no test was found'] };
  const { numPassedTests: passed, numTotalTests: total, numPendingTests: skipped, numFailedTests: failed } = report;
  const broken = report.testResults.filter(({ message, assertionResults }) => message !== '' && assertionResults.every(({ status }) => status !== 'failed'));
  const failures = report.testResults.flatMap(({ assertionResults }) => assertionResults).filter(({ status }) => status === 'failed');
  const faults = [
    ...broken.map(({ name, message }) => `${name.replace(/^.*\/(?=(?:test|gateway|rest-compat|schema|subgraphs)\/)/, '')}: ${firstLine(message)}`),
    ...failures.map(({ fullName, failureMessages: [message = ''] }) => `${fullName}: ${firstLine(message)}`),
  ];
  const isWhole = failed === 0 && faults.length === 0 && fault === undefined;
  const told = Object.entries(figuresOf(report)).map(([what, figure]) => `${what} ${typeof figure === 'number' ? figure.toLocaleString('en-US') : figure}`);
  const words = (cases: string, left: string): string => [cases, ...(skipped > 0 ? [left] : []), ...told].join('; ');
  return {
    result: { en: words(`${passed} of ${total} cases`, `${skipped} skipped`), zh: words(`${total} 例中 ${passed} 例通过`, `跳过 ${skipped} 例`) },
    met: isWhole,
    faults: isWhole ? [] : [...(faults.length === 0 && fault !== undefined ? [fault] : []), ...faults.slice(0, MOST_FAULTS)],
  };
}

/** What all tests have told; numbers of one name are added. */
function figuresOf({ testResults }: TestReport): Record<string, number | string> {
  const all: Record<string, number | string> = {};
  for (const { meta } of testResults.flatMap(({ assertionResults }) => assertionResults)) {
    for (const [what, figure] of Object.entries(meta?.figures ?? {})) {
      const before = all[what];
      all[what] = typeof figure === 'number' && typeof before === 'number' ? before + figure : figure;
    }
  }
  return all;
}

const firstLine = (text: string): string => text.split('\n', 1)[0]!.slice(0, 300);
