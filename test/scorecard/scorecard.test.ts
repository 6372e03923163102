import { expect, test } from 'vitest';
import { isRunning, until } from '../testkit/processes.js';
import { measured } from './bench.part.js';
import { runLimited } from './limited.command.js';
import type { Outcome } from './part.js';
import { page, summary, withSummary } from './scorecard.page.js';
import { judged } from './tests.part.js';

// What the scorecard makes of what it runs; the parts themselves are tests and benchmarks.

const where = { date: '2026-01-02', commit: 'abc1234', machine: '2 × Some CPU, 8 GiB', extent: 'full' } as const;
const outcome = (more: Partial<Outcome>): Outcome => ({ name: { en: 'Roles', zh: '角色' }, command: 'npx vitest run test/access', result: { en: '3 of 3 cases', zh: '3/3' }, met: true, seconds: 30, faults: [], ...more });
const node = (program: string) => ['-e', program];

test('a command that hangs is ended after its limit, with what it has started', async () => {
  const program = `const { spawn } = require('node:child_process');
    process.on('SIGTERM', () => undefined);
    console.log(spawn(process.execPath, ['-e', 'setInterval(() => 0, 1000)']).pid);
    setInterval(() => 0, 1000);`;
  const { output, fault } = await runLimited({ given: node(program), limitMs: 3_000 }, 100);
  expect(fault).toMatch(/^ended after .* limit$/);
  await until('the end of its child', () => !isRunning(Number(output)));
});

test('a command that fails says why with its last words', async () => {
  expect(await runLimited({ given: node('console.log("done"); console.error("out of luck"); process.exitCode = 3'), limitMs: 60_000 })).toMatchObject({ output: 'done\n', fault: 'ended with 3: out of luck' });
  expect(await runLimited({ given: node('null.x'), limitMs: 60_000 })).toMatchObject({ fault: expect.stringMatching(/^ended with 1: TypeError: Cannot read/) });
  expect(await runLimited({ given: node('console.log(process.env.WANTED)'), environment: { WANTED: 'yes' }, limitMs: 60_000 })).toMatchObject({ output: 'yes\n', fault: undefined });
});

const report = (more: object) => ({ numTotalTests: 2, numPassedTests: 2, numFailedTests: 0, numPendingTests: 0, testResults: [], ...more });
const file = (more: object) => ({ name: '/somewhere/test/fuzz/wire.test.ts', message: '', status: 'passed', assertionResults: [], ...more });

test('tests that pass are met, with the figures that they tell', () => {
  const passed = { fullName: 'no request is answered with 500', status: 'passed', failureMessages: [], meta: { figures: { requests: 10_000 } } };
  expect(judged(report({ testResults: [file({ assertionResults: [passed] })] }), undefined)).toEqual({ result: { en: '2 of 2 cases; requests 10,000', zh: '2 例中 2 例通过; requests 10,000' }, met: true, faults: [] });
  expect(judged(report({ testResults: [file({ assertionResults: [passed] }), file({ assertionResults: [passed] })] }), undefined)).toMatchObject({ result: { en: '2 of 2 cases; requests 20,000' } });
  expect(judged(report({ numPassedTests: 1, numPendingTests: 1 }), undefined)).toMatchObject({ result: { en: '1 of 2 cases; 1 skipped' }, met: true });
});

test('a test that fails, a file that cannot be read, and no test at all are not met', () => {
  const failed = { fullName: 'nobody sees it', status: 'failed', failureMessages: ['AssertionError: expected 1\n  at …'] };
  expect(judged(report({ numPassedTests: 1, numFailedTests: 1, testResults: [file({ status: 'failed', assertionResults: [failed] })] }), 'ended with 1')).toMatchObject({ met: false, faults: ['nobody sees it: AssertionError: expected 1'] });
  expect(judged(report({ testResults: [file({ status: 'failed', message: 'Cannot find x' })] }), 'ended with 1')).toMatchObject({ met: false, faults: ['test/fuzz/wire.test.ts: Cannot find x'] });
  expect(judged(undefined, 'ended after 20 min, which is its limit')).toMatchObject({ met: false, faults: ['ended after 20 min, which is its limit'] });
  expect(judged(report({ numTotalTests: 0, numPassedTests: 0 }), 'ended with 1')).toMatchObject({ met: false });
});

test('a benchmark that printed nothing is not met, and says why', () => {
  const listed = { name: 'one', target: '≤ 2' };
  expect(measured(listed, 'noise\n{"name":"another","met":true}\n{"name":"one","target":"≤ 2","min":1,"median":1.5,"max":2,"met":true}\n', undefined)).toEqual({ ...listed, min: 1, median: 1.5, max: 2, met: true });
  expect(measured(listed, '{"name":"one","target":"≤ 2","met":false,"fault":"no database"}', 'ended with 1')).toMatchObject({ met: false, fault: 'no database' });
  expect(measured(listed, '{broken', 'ended after 20 min, which is its limit')).toMatchObject({ met: false, fault: 'ended after 20 min, which is its limit' });
});

test('the table names the parts, their commands, the day, the commit and the machine, in both languages', () => {
  const measurements = [{ name: 'a | b', target: '≤ 2', min: 1, median: 1.5, max: 2, met: true }];
  const outcomes = [outcome({}), outcome({ name: { en: 'Fuzz', zh: '模糊测试' }, met: false, faults: ['a hang'], measurements })];
  expect(summary(outcomes, where, 'en')).toContain('Made on 2026-01-02 of abc1234: 2 × Some CPU, 8 GiB.');
  expect(summary(outcomes, { ...where, extent: 'quick' }, 'en')).toContain('of abc1234, in a quick run: ');
  expect(summary(outcomes, where, 'zh')).toContain('| 模糊测试 | `npx vitest run test/access` | 3/3; 0.5 分钟 | ✘ |');
  const text = page(outcomes, where);
  for (const line of ['| Roles | `npx vitest run test/access` | 3 of 3 cases; 0.5 min | ✔ |', '| a \\| b | ≤ 2 | 1 | 1.5 | 2 | ✔ |', '- Fuzz: a hang']) expect(text).toContain(line);
});

test('a README keeps all but what stands between the markers', () => {
  expect(withSummary('# A\n<!-- scorecard -->\nold\n<!-- /scorecard -->\nrest', 'new')).toBe('# A\n<!-- scorecard -->\nnew\n<!-- /scorecard -->\nrest');
  expect(() => withSummary('# A', 'new')).toThrow('no <!-- scorecard -->');
});
