import { pathInvalid } from '../errors.js';

/** Longest path in a set: with what stands before it in the store, a key has 900 bytes at most. */
const LONGEST_PATH_BYTES = 700;
/** What file systems take as one name. */
const LONGEST_NAME_BYTES = 255;
const CONTROL = /\p{Cc}/u;
/** Letters that turn the direction of writing, with which a name shows as another one. */
const TURNING = /[\u202a-\u202e\u2066-\u2069]/;

/**
 * Checks that a path stays in its folder wherever it is written to, on any system.
 *
 * @returns the path, without a `./` before it and a `/` behind it
 * @throws PATH_INVALID
 */
export function checkedPath(path: string, field?: string): string {
  const relative = path.replace(/^(?:\.\/)+/, '').replace(/\/$/, '');
  const problem = pathProblem(relative);
  if (problem !== undefined) throw pathInvalid({ path, problem, ...(field === undefined ? {} : { field }) });
  return relative;
}

function pathProblem(path: string): string | undefined {
  if (path === '') return 'the path is empty';
  if (path.startsWith('/')) return 'the path is absolute';
  if (/^[a-z]:/i.test(path)) return 'the path begins with a drive';
  if (path.includes('\\')) return 'the path has a backslash; put / between its parts';
  if (!path.isWellFormed() || path.includes('\ufffd')) return 'the path is not UTF-8';
  if (CONTROL.test(path)) return 'the path has a control character';
  if (TURNING.test(path)) return 'the path has a character that turns the direction of writing';
  if (Buffer.byteLength(path) > LONGEST_PATH_BYTES) return `the path is longer than ${LONGEST_PATH_BYTES} bytes`;
  for (const name of path.split('/')) {
    if (name === '') return 'a part of the path is empty';
    if (name === '.' || name === '..') return 'the path leads elsewhere by . or ..';
    if (/[. ]$/.test(name)) return 'a part of the path ends in a dot or a space';
    if (Buffer.byteLength(name) > LONGEST_NAME_BYTES) return `a part of the path is longer than ${LONGEST_NAME_BYTES} bytes`;
  }
  return undefined;
}

/** The paths of one set: no two may be one where upper and lower case, or the forms of an accent, are the same. */
export class DistinctPaths {
  readonly #files = new Set<string>();
  readonly #folders = new Set<string>();

  /** @throws PATH_INVALID */
  addFile(path: string): void {
    const key = folded(path);
    if (this.#files.has(key)) throw pathInvalid({ path, problem: 'the path comes twice, or differs from another in case only' });
    if (this.#folders.has(key)) throw pathInvalid({ path, problem: 'the path is of a file and of a folder' });
    this.#files.add(key);
    this.#addParents(key, path);
  }

  /** A folder may come again. @throws PATH_INVALID */
  addFolder(path: string): void {
    const key = folded(path);
    if (this.#files.has(key)) throw pathInvalid({ path, problem: 'the path is of a file and of a folder' });
    this.#folders.add(key);
    this.#addParents(key, path);
  }

  #addParents(key: string, path: string): void {
    for (let at = key.lastIndexOf('/'); at > 0; at = key.lastIndexOf('/', at - 1)) {
      const folder = key.slice(0, at);
      if (this.#files.has(folder)) throw pathInvalid({ path, problem: 'the path is of a file and of a folder' });
      if (this.#folders.has(folder)) return;
      this.#folders.add(folder);
    }
  }
}

/** Equal for names that are the same file somewhere. */
const folded = (path: string): string => path.normalize('NFC').toUpperCase().toLowerCase().normalize('NFC');
