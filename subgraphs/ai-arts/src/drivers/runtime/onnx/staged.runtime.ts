import { createHash, randomUUID } from 'node:crypto';
import { chmod, copyFile, constants, mkdir, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

/** Where jobs find the worker program. */
export interface RuntimePlace {
  /** The program; `node` runs it. */
  program: string;
  /** All that it needs, to be read by every user. */
  folder: string;
}

interface StagedFile {
  from: string;
  /** Below the staged folder. */
  to: string;
}

const require = createRequire(import.meta.url);
const COMPILED = fileURLToPath(new URL('..', import.meta.url));
/** What the worker program is made of: these folders of ours, but for this file. */
const OWN_FOLDERS = ['protocol', 'onnx'];
const OWN_FILE = path.basename(fileURLToPath(import.meta.url));
const PROGRAM = path.join('onnx', 'worker.main.js');
const PART = '.part-';
/** What is younger may be about to be used by another process. */
const GRACE_MS = 3_600_000;
/** Larger ones are libraries: their package's version and their size tell them apart. */
const HASHED_BYTES = 1024 ** 2;

/**
 * The worker program with its libraries, in a folder below the data folder that jobs can reach wherever they run: the checkout
 * may lie where no other user gets in, or on no other machine. The folder is named by the hash of what is in it and made in one
 * step, so any number of processes and versions of Hutong can share it.
 */
export class StagedRuntime {
  readonly #root: string;
  #staging: Promise<RuntimePlace> | undefined;

  /** @param dataDirectory absolute, on all machines of the engine */
  constructor(dataDirectory: string) {
    this.#root = path.join(dataDirectory, 'ai-arts', 'runtime');
  }

  /** Makes the folder unless it is there. May be called at any time; all callers share one copying. */
  async stage(): Promise<RuntimePlace> {
    this.#staging ??= this.#stage();
    try {
      const place = await this.#staging;
      await stat(place.program);
      return place;
    } catch {
      // Somebody has emptied the data folder, or it was full.
      return (this.#staging = this.#stage());
    }
  }

  /** Removes what other versions have staged, but for what is in use; `inUse` are folders as {@link stage} told them. */
  async sweep(inUse: readonly string[]): Promise<void> {
    const { folder } = await this.stage();
    const kept = new Set([folder, ...inUse]);
    for (const name of await readdir(this.#root)) {
      const place = path.join(this.#root, name);
      const changedAt = (await stat(place).catch(() => undefined))?.mtimeMs;
      if (kept.has(place) || changedAt === undefined || Date.now() - changedAt < GRACE_MS) continue;
      await rm(place, { recursive: true, force: true });
    }
  }

  async #stage(): Promise<RuntimePlace> {
    const files = await filesOfWorker();
    const folder = path.join(this.#root, await hashOf(files));
    const place = { folder, program: path.join(folder, PROGRAM) };
    await mkdir(this.#root, { recursive: true });
    for (const open of [path.dirname(this.#root), this.#root]) await chmod(open, 0o711);
    if (await isThere(folder)) return place;
    const part = path.join(this.#root, `${PART}${randomUUID()}`);
    try {
      await copyAll(files, part);
      await rename(part, folder);
    } catch (error) {
      await rm(part, { recursive: true, force: true });
      // Another process was first.
      if (!(await isThere(folder))) throw error;
    }
    return place;
  }
}

async function filesOfWorker(): Promise<StagedFile[]> {
  const own = await Promise.all(OWN_FOLDERS.map((folder) => listed(path.join(COMPILED, folder), folder)));
  return [...own.flat().filter(({ from }) => path.basename(from) !== OWN_FILE), ...(await libraryFiles())].filter(({ to }) => !to.endsWith('.map') && !to.endsWith('.d.ts'));
}

/** Of ONNX Runtime what this platform needs; a platform without a native one has WebAssembly. */
async function libraryFiles(): Promise<StagedFile[]> {
  const native = path.dirname(require.resolve('onnxruntime-node/package.json'));
  const common = path.resolve(path.dirname(require.resolve('onnxruntime-common', { paths: [native] })), '../..');
  const web = path.resolve(path.dirname(require.resolve('onnxruntime-web')), '..');
  const binaries = path.join('bin', 'napi-v6', process.platform, process.arch);
  const chosen: [string, string, string[]][] = [
    ['onnxruntime-node', native, ['package.json', 'dist', ...((await isThere(path.join(native, binaries))) ? [binaries] : [])]],
    ['onnxruntime-common', common, ['package.json', 'dist']],
    ['onnxruntime-web', web, ['package.json', 'dist/ort.node.min.mjs', 'dist/ort-wasm-simd-threaded.mjs', 'dist/ort-wasm-simd-threaded.wasm']],
  ];
  const found = await Promise.all(chosen.flatMap(([name, root, parts]) => parts.map((part) => listed(path.join(root, part), path.join('node_modules', name, part)))));
  return found.flat();
}

/** A file, or all files in a folder. */
async function listed(from: string, to: string): Promise<StagedFile[]> {
  if ((await stat(from)).isFile()) return [{ from, to }];
  const found = await Promise.all((await readdir(from)).map((name) => listed(path.join(from, name), path.join(to, name))));
  return found.flat();
}

async function hashOf(files: readonly StagedFile[]): Promise<string> {
  const hash = createHash('sha256');
  for (const { from, to } of files.toSorted((left, right) => (left.to < right.to ? -1 : 1))) {
    const { size } = await stat(from);
    hash.update(`${to}\0${size}\0`);
    if (size <= HASHED_BYTES) hash.update(await readFile(from));
  }
  return hash.digest('hex').slice(0, 32);
}

async function copyAll(files: readonly StagedFile[], folder: string): Promise<void> {
  for (const { from, to } of files) {
    const target = path.join(folder, to);
    await mkdir(path.dirname(target), { recursive: true });
    await copyFile(from, target, constants.COPYFILE_FICLONE);
    await closed(target, 0o444);
  }
  // What is ours is written as modules.
  const manifest = await open(path.join(folder, 'package.json'), 'w');
  await manifest.writeFile(JSON.stringify({ type: 'module' }));
  await manifest.close();
  await closed(path.join(folder, 'package.json'), 0o444);
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) if (entry.isDirectory()) await chmod(path.join(entry.parentPath, entry.name), 0o755);
  await chmod(folder, 0o755);
}

/** Gives a file its rights and waits until the disk has it. */
async function closed(file: string, mode: number): Promise<void> {
  await using handle = await open(file, 'r');
  await handle.chmod(mode);
  await handle.sync();
}

const isThere = (place: string): Promise<boolean> => stat(place).then(() => true, () => false);
