import { fileTypeRefused, filesTooLarge, pathInvalid } from '../../errors.js';
import { checkedPath, DistinctPaths } from '../relative-path.js';

/** What an archive may unpack to. */
export interface UnpackLimits {
  files: number;
  bytes: number;
  /** How many times as large as the archive. */
  ratio: number;
}

/** So much may come of any archive, whatever its ratio: a text that repeats itself is no bomb. */
const FREE_BYTES = 64 * 1024 * 1024;

/** Looks at each entry of one archive; what it lets pass stays in its folder and within the limits. */
export class ArchiveCheck {
  files = 0;
  #entries = 0;
  /** What it unpacks to. */
  bytes = 0;
  readonly #paths = new DistinctPaths();

  /** @param archive `folder` is what its files come into */
  constructor(
    private readonly archive: { name: string; sizeBytes: number; folder?: string },
    private readonly limits: UnpackLimits,
  ) {}

  /** @returns the file's path in its set. @throws PATH_INVALID, FILE_TYPE_REFUSED, FILES_TOO_LARGE */
  file(path: string): string {
    this.#count();
    const checked = checkedPath(path);
    this.#paths.addFile(checked);
    this.files++;
    const { folder = '' } = this.archive;
    return folder === '' ? checked : checkedPath(`${folder}/${checked}`);
  }

  /** @throws PATH_INVALID, FILE_TYPE_REFUSED, FILES_TOO_LARGE */
  folder(path: string): void {
    this.#count();
    if (/^(?:\.\/)+$|^\.$/.test(path)) return;
    this.#paths.addFolder(checkedPath(path));
  }

  /** Counts what comes, or is said to come, out of the archive. @throws FILE_TYPE_REFUSED, FILES_TOO_LARGE */
  unpacked(bytes: number): void {
    const { name, sizeBytes } = this.archive;
    this.bytes += bytes;
    if (this.bytes > Math.max(FREE_BYTES, sizeBytes * this.limits.ratio)) throw fileTypeRefused({ name, problem: `the archive unpacks to more than ${this.limits.ratio} times its size (AI_ARTS_UNPACK_RATIO)` });
    if (this.bytes > this.limits.bytes) throw filesTooLarge({ name, limit: `it unpacks to more than ${this.limits.bytes} bytes (AI_ARTS_UNPACKED_BYTES)` });
  }

  /** @throws FILES_TOO_LARGE */
  entries(count: number): void {
    if (count > this.limits.files) throw filesTooLarge({ name: this.archive.name, limit: `it has more than ${this.limits.files} entries (AI_ARTS_UNPACKED_FILES)` });
  }

  /** Refuses what is neither a file nor a folder. @throws PATH_INVALID */
  refuse(path: string, what: string): never {
    throw pathInvalid({ path, problem: `it is ${what}; an archive may hold files and folders only` });
  }

  /** Refuses the archive as a whole. @throws FILE_TYPE_REFUSED */
  refuseAll(problem: string): never {
    throw fileTypeRefused({ name: this.archive.name, problem });
  }

  #count(): void {
    this.entries(++this.#entries);
  }
}
