import type { Circumstances } from './machine.js';
import type { Measurement, Outcome } from './part.js';

type Language = 'en' | 'zh';

/** Between these comments a README has its table. */
const MARKER = 'scorecard';

const WORDS = {
  en: { head: '| part | command | result | met |', made: ({ date, commit, machine, extent }: Circumstances) => `Made on ${date} of ${commit}${extent === 'quick' ? ', in a quick run' : ''}: ${machine}.`, minutes: 'min' },
  zh: { head: '| 项目 | 命令 | 结果 | 达标 |', made: ({ date, commit, machine, extent }: Circumstances) => `${date} 测于 ${commit}${extent === 'quick' ? '（快速运行）' : ''}：${machine}。`, minutes: '分钟' },
} as const;

const mark = (met: boolean): string => (met ? '✔' : '✘');

/** A text as a cell of a table. */
const cell = (text: string): string => text.replaceAll('|', '\\|').replaceAll('\n', ' ');

/** One row for each part. */
export function summary(outcomes: readonly Outcome[], where: Circumstances, language: Language): string {
  const { head, made, minutes } = WORDS[language];
  const rows = outcomes.map(({ name, command, result, met, seconds }) => `| ${cell(name[language])} | \`${command}\` | ${cell(result[language])}; ${(seconds / 60).toFixed(1)} ${minutes} | ${mark(met)} |`);
  return [made(where), '', head, '|---|---|---|---|', ...rows].join('\n');
}

/** The whole scorecard, with every measurement and what was not met. */
export function page(outcomes: readonly Outcome[], where: Circumstances): string {
  const measurements = outcomes.flatMap((outcome) => outcome.measurements ?? []);
  const faults = outcomes.filter(({ faults }) => faults.length > 0);
  return [
    '# Scorecard',
    '',
    'Written by `npm run scorecard`, which runs every part below as a command of its own; each can be run alone.',
    '',
    summary(outcomes, where, 'en'),
    ...(measurements.length > 0
      ? ['', '## Benchmarks', '', 'Ratios against a baseline within the same run, of several rounds each; the median is held against the target.', '', '| benchmark | target | min | median | max | met |', '|---|---|---|---|---|---|', ...measurements.map(row)]
      : []),
    ...(faults.length > 0 ? ['', '## Not met', '', ...faults.flatMap(({ name, faults: lines }) => lines.map((line) => `- ${name.en}: ${cell(line)}`))] : []),
    '',
  ].join('\n');
}

function row({ name, target, min, median, max, met }: Measurement): string {
  return `| ${[name, target, ...[min, median, max].map((value) => (value === undefined ? '' : String(value))), mark(met)].map(cell).join(' | ')} |`;
}

/**
 * A document with another text between its markers, which are comments of this name.
 *
 * @throws Error when they are not there
 */
export function withSummary(document: string, text: string, name = MARKER): string {
  const [opening, closing] = [`<!-- ${name} -->`, `<!-- /${name} -->`];
  const [begin, end] = [document.indexOf(opening), document.indexOf(closing)];
  if (begin === -1 || end < begin) throw new Error(`the document has no ${opening} … ${closing}`);
  return `${document.slice(0, begin + opening.length)}\n${text}\n${document.slice(end)}`;
}
