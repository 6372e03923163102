const FIRST = 1 << 14;
const MOST_KEPT = 1 << 20;

/** Cells of several answers are kept in one piece of memory, as one for each answer costs more than what is in it. */
const TOGETHER = 1 << 14;
const LARGE = 1 << 12;
let together = new Int32Array(TOGETHER);
let taken = 0;

function kept(cells: Int32Array, count: number): Int32Array {
  if (count > LARGE) return cells.slice(0, count);
  if (taken + count > TOGETHER) {
    together = new Int32Array(TOGETHER);
    taken = 0;
  }
  together.set(cells.subarray(0, count), taken);
  taken += count;
  return together.subarray(taken - count, taken);
}

/**
 * What a scan writes down, as numbers. Of a leaf: where it ends. Of an object or list, or of `null` in its place: where it ends, the
 * number of the cell behind all its cells, and then, of a list, how many items it has, and what is in it.
 */
export class Tape {
  cells = new Int32Array(FIRST);
  used = 0;
  /** The next backslash of the text. */
  escape = Infinity;

  begin(text: string): void {
    this.used = 0;
    const escape = text.indexOf('\\');
    this.escape = escape === -1 ? Infinity : escape;
  }

  /** Makes room for so many cells more. */
  reserve(count: number): void {
    if (this.used + count <= this.cells.length) return;
    const larger = new Int32Array(2 * this.cells.length + count);
    larger.set(this.cells);
    this.cells = larger;
  }

  /** What was written down, to be kept. */
  written(): Int32Array {
    const written = kept(this.cells, this.used);
    // One answer out of all proportion is not to be remembered by its size.
    if (this.cells.length > MOST_KEPT) this.cells = new Int32Array(FIRST);
    return written;
  }
}
