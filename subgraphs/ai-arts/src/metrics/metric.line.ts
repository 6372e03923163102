/** What one line of a log says about the progress of its program. */
export interface MetricLine {
  step: number;
  /** Steps that there will be. */
  total: number | null;
  /** Every other number of the line, by name. */
  values: ReadonlyMap<string, number>;
}

const NEWLINE = 0x0a;
const BRACE = 0x7b;
const LONGEST_LINE = 10_000;
const LONGEST_NAME = 100;
/** More lines of one reading are not looked at, so that a log of nothing else cannot keep us busy. */
const MOST_LINES = 10_000;

/**
 * The lines of a log, up to its last newline, that are a JSON object with a number `step`:
 * `{"step": 20, "total": 100, "loss": 0.3, "accuracy": 0.91}`. `total` is optional, every other number is a metric.
 *
 * @returns those lines, and how many bytes were read
 */
export function readMetricLines(bytes: Uint8Array): { lines: MetricLine[]; readBytes: number } {
  const readBytes = bytes.lastIndexOf(NEWLINE) + 1;
  const lines: MetricLine[] = [];
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, readBytes);
  for (let start = 0; start < readBytes && lines.length < MOST_LINES; ) {
    if (text[start] !== BRACE) {
      start = nextObject(text, start);
      continue;
    }
    const end = text.indexOf(NEWLINE, start);
    const line = end - start <= LONGEST_LINE ? parseLine(text.toString('utf8', start, end)) : undefined;
    if (line) lines.push(line);
    start = end + 1;
  }
  return { lines, readBytes };
}

const OBJECT = Buffer.from('\n{');

/** Where the next line begins that begins with a brace. */
function nextObject(text: Buffer, from: number): number {
  const at = text.indexOf(OBJECT, from);
  return at < 0 ? text.length : at + 1;
}

function parseLine(text: string): MetricLine | undefined {
  if (!text.includes('"step"')) return undefined;
  let parsed: Record<string, unknown>;
  try {
    parsed = JSON.parse(text) as Record<string, unknown>;
  } catch {
    return undefined;
  }
  const { step, total, ...others } = parsed;
  if (typeof step !== 'number') return undefined;
  const numbers = Object.entries(others).filter((entry): entry is [string, number] => typeof entry[1] === 'number' && entry[0].length <= LONGEST_NAME && !entry[0].includes('\0') && entry[0].isWellFormed());
  return { step, total: typeof total === 'number' ? total : null, values: new Map(numbers) };
}
