import { CALLERS, type CallerName } from './callers.js';

/** What each caller is answered, by what is asked. */
export type Table = ReadonlyMap<string, Readonly<Record<string, string>>>;

/** A row a line, of columns as wide as their widest cell, so that it can be read as it is. */
export function markdownOf(title: string, about: string, first: string, table: Table, columns: readonly string[] = CALLERS): string {
  const rows = [...table].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([name, cells]) => [name, ...columns.map((caller) => cells[caller] ?? '')]);
  const lines = [[first, ...columns], ...rows];
  const widths = lines[0]!.map((_, at) => Math.max(...lines.map((line) => line[at]!.length)));
  const lineOf = (cells: readonly string[]): string => `| ${cells.map((cell, at) => cell.padEnd(widths[at]!)).join(' | ')} |`;
  const ruler = `|${widths.map((width) => '-'.repeat(width + 2)).join('|')}|`;
  return `# ${title}\n\n${about}\n\n${[lineOf(lines[0]!), ruler, ...rows.map(lineOf)].join('\n')}\n`;
}

/** Asks for every caller side by side. */
export async function forEachCaller<Answer>(ask: (caller: CallerName) => Promise<Answer>): Promise<Record<CallerName, Answer>> {
  return Object.fromEntries(await Promise.all(CALLERS.map(async (caller) => [caller, await ask(caller)]))) as Record<CallerName, Answer>;
}
