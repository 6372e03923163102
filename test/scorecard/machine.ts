import { execFile } from 'node:child_process';
import { availableParallelism, cpus, platform, totalmem } from 'node:os';
import { promisify } from 'node:util';
import type { Extent } from './part.js';

/** Where and of what a scorecard was made, and how thoroughly. */
export interface Circumstances {
  /** Day, in UTC. */
  date: string;
  commit: string;
  /** `2 × AMD EPYC 7763, 23 GiB, linux x64, Node v24.21.0` */
  machine: string;
  extent: Extent;
}

/** Says where a run is made, and of what. */
export async function circumstances(extent: Extent): Promise<Circumstances> {
  const git = async (...given: string[]): Promise<string> => (await promisify(execFile)('git', given, { cwd: import.meta.dirname })).stdout.trim();
  const commit = await git('rev-parse', '--short', 'HEAD').catch(() => 'unknown');
  const isChanged = await git('status', '--porcelain', '--untracked-files=no').then((changes) => changes !== '', () => false);
  const gibibytes = Math.round(totalmem() / 1_024 ** 3);
  return {
    date: new Date().toISOString().slice(0, 10),
    commit: isChanged ? `${commit} with changes` : commit,
    machine: `${availableParallelism()} × ${cpus()[0]?.model.trim() ?? process.arch}, ${gibibytes} GiB, ${platform()} ${process.arch}, Node ${process.version}`,
    extent,
  };
}
