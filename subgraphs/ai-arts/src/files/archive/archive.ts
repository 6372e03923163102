import { HutongError } from '@hutong/common';
import { archiveBroken, fileTypeRefused } from '../../errors.js';
import type { ArchiveCheck } from './archive.check.js';
import { walkTar } from './tar.archive.js';
import { walkZip } from './zip.archive.js';

/** Kinds of archives, by the endings of their names. */
const KINDS = { '.zip': 'zip', '.tar': 'tar', '.tar.gz': 'tar.gz', '.tgz': 'tar.gz' } as const;

export type ArchiveKind = (typeof KINDS)[keyof typeof KINDS];

/** What is done with each file of an archive, one after the other; `body` is read to its end or destroyed. */
export type TakeFile = (path: string, body: AsyncIterable<Uint8Array>) => Promise<void>;

export interface ArchiveWalk {
  /** Where the archive lies. */
  file: string;
  /** Gets every entry before it is taken. */
  check: ArchiveCheck;
  /** Undefined: the entries are only looked at. */
  take: TakeFile | undefined;
  signal: AbortSignal;
}

/** What a file's name says; undefined when it is no archive. */
export function archiveKindOf(name: string): ArchiveKind | undefined {
  const lower = name.toLowerCase();
  return Object.entries(KINDS).find(([ending]) => lower.endsWith(ending))?.[1];
}

/**
 * Goes through all files of an archive, in its order.
 *
 * @throws PATH_INVALID, FILE_TYPE_REFUSED, FILES_TOO_LARGE by the check, ARCHIVE_BROKEN, what `take` throws, the signal's reason
 */
export async function walkArchive(kind: ArchiveKind, name: string, walk: ArchiveWalk): Promise<void> {
  const failures = new FailureOrigin();
  const take = walk.take && failures.noting(walk.take);
  try {
    await (kind === 'zip' ? walkZip({ ...walk, take }) : walkTar(kind === 'tar.gz', { ...walk, take }));
  } catch (thrown) {
    walk.signal.throwIfAborted();
    if (failures.ofTaker) throw failures.ofTaker.error;
    const error = failures.ofArchive ? failures.ofArchive.error : thrown;
    // What the operating system says is about our file, and not for the sender.
    if (error instanceof HutongError || (error as NodeJS.ErrnoException).syscall !== undefined) throw error;
    throw archiveBroken({ name, problem: (error as Error).message, cause: error });
  }
}

/** Tells what the taker of a file failed at from what broke in the archive while the taker read it. */
class FailureOrigin {
  ofTaker: { error: unknown } | undefined;
  ofArchive: { error: unknown } | undefined;

  noting(take: TakeFile): TakeFile {
    return (path, body) =>
      take(path, this.#watched(body)).catch((error: unknown) => {
        if (!this.ofArchive) this.ofTaker ??= { error };
        throw error;
      });
  }

  async *#watched(body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void, void> {
    try {
      yield* body;
    } catch (error) {
      this.ofArchive ??= { error };
      throw error;
    }
  }
}

const ZIP_STARTS = ['504b0304', '504b0506', '504b0708'];
const GZIP_START = '1f8b';
/** Tags of the fields that a message `ModelProto` of ONNX may begin with. */
const ONNX_TAGS = new Set([0x08, 0x12, 0x1a, 0x22, 0x28, 0x32, 0x3a, 0x42, 0x72, 0xa2, 0xca]);
const TAR_MAGIC_AT = 257;

/** Bytes of a file's beginning that {@link requireKind} looks at. */
export const LOOKED_AT_BYTES = 512;

/** Checks that a file begins as its name says. @throws FILE_TYPE_REFUSED */
export function requireKind(name: string, start: Buffer): void {
  const hex = start.subarray(0, 4).toString('hex');
  const kind = name.toLowerCase().endsWith('.onnx') ? 'onnx' : archiveKindOf(name);
  const isAsNamed = {
    zip: () => ZIP_STARTS.includes(hex),
    'tar.gz': () => hex.startsWith(GZIP_START),
    tar: () => start.toString('latin1', TAR_MAGIC_AT, TAR_MAGIC_AT + 5) === 'ustar' || (start.length === LOOKED_AT_BYTES && !ZIP_STARTS.includes(hex) && !hex.startsWith(GZIP_START)),
    onnx: () => start.length > 1 && ONNX_TAGS.has(start[0]!),
  };
  if (kind && !isAsNamed[kind]()) throw fileTypeRefused({ name, problem: `the file is not what its name says: it does not begin as ${kind} does` });
}
