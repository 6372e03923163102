/** One row of a chart. */
export interface Bar {
  name: string;
  value: number;
  /** As it is written beside the bar. */
  label: string;
  /** Whether the eye should go there first. */
  isOurs: boolean;
}

export interface BarPanel {
  title: string;
  bars: readonly Bar[];
}

const WIDTH = 760;
const NAMES = 230;
const LABELS = 110;
const ROW = 26;
const TITLE = 44;

const STYLE = `
  text { font: 13px system-ui, sans-serif; fill: #1f2328 }
  .title { font-weight: 600 }
  .bar { fill: #8c959f }
  .ours { fill: #0969da }
  @media (prefers-color-scheme: dark) { text { fill: #e6edf3 } .bar { fill: #6e7681 } .ours { fill: #4493f8 } }
`;

const escaped = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');

/** Bar charts under one another, as SVG. */
export function barChart(panels: readonly BarPanel[]): string {
  let top = 0;
  const drawn = panels.map((panel) => {
    const y = top;
    top += TITLE + panel.bars.length * ROW;
    return drawPanel(panel, y);
  });
  const height = top + 12;
  return [`<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${height}" viewBox="0 0 ${WIDTH} ${height}" role="img">`, `<style>${STYLE}</style>`, ...drawn.flat(), '</svg>', ''].join('\n');
}

function drawPanel({ title, bars }: BarPanel, top: number): string[] {
  const most = Math.max(...bars.map(({ value }) => value));
  const rows = bars.flatMap(({ name, value, label, isOurs }, n) => {
    const y = top + TITLE + n * ROW;
    const width = Math.max(1, Math.round(((WIDTH - NAMES - LABELS) * value) / most));
    return [
      `<text x="${NAMES - 10}" y="${y + 14}" text-anchor="end"${isOurs ? ' class="title"' : ''}>${escaped(name)}</text>`,
      `<rect x="${NAMES}" y="${y}" width="${width}" height="${ROW - 7}" rx="2" class="${isOurs ? 'ours' : 'bar'}"/>`,
      `<text x="${NAMES + width + 8}" y="${y + 14}">${escaped(label)}</text>`,
    ];
  });
  return [`<text x="10" y="${top + 28}" class="title">${escaped(title)}</text>`, ...rows];
}
