import type { ReadDigit } from './recognition.chapter.js';
import type { LearntModel, MetricPoint } from './training.chapter.js';

const [WIDTH, HEIGHT] = [960, 376];
/** Where the curve is. */
const PLOT = { left: 64, top: 64, width: 400, height: 264 };
/** Where the digits are: two rows of five. */
const GRID = { left: 520, top: 64, side: 72, columnWidth: 84, rowHeight: 140, columns: 5 };
const GRID_LINES = 4;
const [INK, GREY, BLUE, GREEN, RED] = ['#1f2933', '#cbd2d9', '#2563eb', '#15803d', '#b91c1c'];

/** A picture of a run, as SVG: how the loss fell, and the digits with what the service made of them. */
export function pictureOf({ name, loss, accuracy }: LearntModel, digits: readonly ReadDigit[]): string {
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" width="${WIDTH}" height="${HEIGHT}" font-family="system-ui, sans-serif" font-size="13" fill="${INK}">
<title>${name}</title>
<rect width="100%" height="100%" fill="#ffffff"/>
${text(PLOT.left, 36, 'Loss while it learns', 'font-size="18"')}
${axes(loss)}
${curve(loss)}
${accuracy.map((point, at) => accuracyMark(point, loss, at === accuracy.length - 1)).join('\n')}
${text(GRID.left, 36, 'Ten digits that it had never seen', 'font-size="18"')}
${digits.map(digitOf).join('\n')}
</svg>
`;
}

const stepsOf = (points: readonly MetricPoint[]): number => points.at(-1)?.step ?? 1;
const highestOf = (points: readonly MetricPoint[]): number => Math.max(...points.map(({ value }) => value), Number.EPSILON);
const xOf = (step: number, points: readonly MetricPoint[]): number => PLOT.left + (step / stepsOf(points)) * PLOT.width;
const yOf = (share: number): number => PLOT.top + (1 - share) * PLOT.height;

function axes(loss: readonly MetricPoint[]): string {
  const lines = Array.from({ length: GRID_LINES + 1 }, (_, at) => {
    const share = at / GRID_LINES;
    const y = yOf(share).toFixed(1);
    const label = text(PLOT.left - 8, Number(y) + 4, (share * highestOf(loss)).toFixed(2), 'text-anchor="end"');
    return `<line x1="${PLOT.left}" y1="${y}" x2="${PLOT.left + PLOT.width}" y2="${y}" stroke="${GREY}"/>${label}`;
  });
  const below = PLOT.top + PLOT.height + 24;
  return [...lines, text(PLOT.left, below, '0'), text(PLOT.left + PLOT.width, below, `${stepsOf(loss).toLocaleString('en')} images`, 'text-anchor="end"')].join('\n');
}

function curve(loss: readonly MetricPoint[]): string {
  const points = loss.map(({ step, value }) => `${xOf(step, loss).toFixed(1)},${yOf(value / highestOf(loss)).toFixed(1)}`);
  return `<polyline fill="none" stroke="${BLUE}" stroke-width="2" points="${points.join(' ')}"/>`;
}

/** After each time that it has seen all images: how many of the others it reads. */
function accuracyMark({ step, value }: MetricPoint, loss: readonly MetricPoint[], isLast: boolean): string {
  const x = Number(xOf(step, loss).toFixed(1));
  const line = `<line x1="${x}" y1="${PLOT.top}" x2="${x}" y2="${PLOT.top + PLOT.height}" stroke="${GREEN}" stroke-dasharray="3 3"/>`;
  return `${line}${text(x - 6, PLOT.top + 16, `${isLast ? 'reads ' : ''}${(100 * value).toFixed(1)} %`, `text-anchor="end" fill="${GREEN}"`)}`;
}

function digitOf({ truth, answer, score, png }: ReadDigit, at: number): string {
  const x = GRID.left + (at % GRID.columns) * GRID.columnWidth;
  const y = GRID.top + Math.floor(at / GRID.columns) * GRID.rowHeight;
  const image = `<image x="${x}" y="${y}" width="${GRID.side}" height="${GRID.side}" style="image-rendering:pixelated" href="data:image/png;base64,${png.toString('base64')}"/>`;
  const isRight = answer === truth;
  const said = text(x + GRID.side / 2, y + GRID.side + 24, escaped(answer), `text-anchor="middle" font-size="20" fill="${isRight ? GREEN : RED}"`);
  return `${image}${said}${text(x + GRID.side / 2, y + GRID.side + 42, isRight ? `${(100 * score).toFixed(1)} %` : `it is ${truth}`, 'text-anchor="middle"')}`;
}

const text = (x: number, y: number, content: string, more = ''): string => `<text x="${x}" y="${y}" ${more}>${content}</text>`;
const escaped = (content: string): string => content.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
