import type { WriteStream } from 'node:tty';
import { stripVTControlCharacters, styleText } from 'node:util';

const FRAMES = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];
const FRAME_MS = 100;
const BAR = 24;
const TITLE = 52;

/** What a step may tell while it is under way. */
export interface Step {
  /** Moves the bar. Shown on a terminal only. */
  progress(share: number, told?: string): void;
  /** A line that stays, as of a log. */
  say(line: string): void;
  /** What came of it, to be shown beside its title. */
  result(text: string): void;
}

/** Tells of a story, step by step: with a moving last line on a terminal, else with plain lines as things are done. */
export class Terminal {
  readonly #stream: WriteStream;
  #status = '';

  constructor(stream: WriteStream) {
    this.#stream = stream;
  }

  line(text = ''): void {
    this.#clear();
    this.#stream.write(`${text}\n`);
    this.#draw();
  }

  /** Shows a step with its bar, and how long it took; when the work fails, so does the step. */
  async step<Result>(title: string, work: (step: Step) => Promise<Result>): Promise<Result> {
    const begun = performance.now();
    const seconds = () => `${((performance.now() - begun) / 1_000).toFixed(1)} s`;
    let [bar, told, result, frame] = ['', '', '', 0];
    const show = () => {
      this.#status = ` ${FRAMES[frame++ % FRAMES.length]} ${title.padEnd(TITLE)} ${bar}${told || seconds()}`;
      this.#clear();
      this.#draw();
    };
    const frames = this.#stream.isTTY ? setInterval(show, FRAME_MS) : undefined;
    const end = (mark: string, text: string) => {
      clearInterval(frames);
      this.#clear();
      this.#status = '';
      this.line(` ${mark} ${title.padEnd(TITLE)} ${this.#style('dim', seconds().padStart(6))}  ${text}`);
    };
    try {
      const answer = await work({
        progress(share, text = '') {
          const full = Math.round(Math.min(1, share) * BAR);
          bar = `${'█'.repeat(full)}${'░'.repeat(BAR - full)} ${Math.floor(Math.min(1, share) * 100).toString().padStart(3)} %  `;
          told = text;
        },
        say: (text) => this.line(this.#style('dim', `     ${text}`)),
        result: (text) => (result = text),
      });
      end(this.#style('green', '✔'), result);
      return answer;
    } catch (error) {
      end(this.#style('red', '✘'), '');
      throw error;
    }
  }

  /** Rows below headings, in columns as wide as they have to be. */
  table(headings: readonly string[], rows: readonly (readonly string[])[]): void {
    const widths = headings.map((heading, column) => Math.max(heading.length, ...rows.map((row) => stripVTControlCharacters(row[column]!).length)));
    const show = (row: readonly string[]) => this.line(`   ${row.map((cell, column) => cell + ' '.repeat(widths[column]! - stripVTControlCharacters(cell).length)).join('   ').trimEnd()}`);
    show(headings.map((heading, column) => this.#style('bold', heading.padEnd(widths[column]!))));
    for (const row of rows) show(row);
  }

  /** For what is right and what is wrong. */
  mark(isGood: boolean): string {
    return isGood ? this.#style('green', '✔') : this.#style('red', '✘');
  }

  #style(format: 'dim' | 'bold' | 'green' | 'red', text: string): string {
    return styleText(format, text, { stream: this.#stream });
  }

  #clear(): void {
    if (this.#stream.isTTY && this.#status !== '') this.#stream.write('\r\u001B[K');
  }

  #draw(): void {
    if (this.#stream.isTTY && this.#status !== '') this.#stream.write(this.#status.slice(0, this.#stream.columns - 1));
  }
}
