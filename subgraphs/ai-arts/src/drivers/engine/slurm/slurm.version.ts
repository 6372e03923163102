/** The versions of Slurm's REST API that are spoken here, by the last number of `v0.0.38`: Slurm 22.05 and newer. */
export const API_VERSIONS = { oldest: 38, newest: 44 };

/** From this version on numbers are written as `{set, infinite, number}`, and variables as a list. */
export const WITH_STRUCTURED_NUMBERS = 39;

/** From this version on, that of Slurm 24.05, a GPU is `gres/gpu`; before it is `gres:gpu`. */
export const WITH_SLASHED_GPUS = 41;

/** What a slurmrestd offers that we can use. */
export interface RestApi {
  version: number;
  /** Whether the accounting database, which remembers jobs for long, can be asked. */
  hasDatabase: boolean;
}

/** The API to use, by the paths of an OpenAPI document; undefined when there is none that is known here. */
export function chosenApi(paths: readonly string[], pinned: number | undefined): RestApi | undefined {
  const versions = versionsOf(paths, /^\/slurm\/v0\.0\.(\d+)\/job\/submit\/?$/);
  const known = versions.filter((version) => (pinned === undefined ? version >= API_VERSIONS.oldest && version <= API_VERSIONS.newest : version === pinned));
  if (known.length === 0) return undefined;
  const version = Math.max(...known);
  return { version, hasDatabase: versionsOf(paths, /^\/slurmdb\/v0\.0\.(\d+)\/job\/\{job_id\}\/?$/).includes(version) };
}

const versionsOf = (paths: readonly string[], pattern: RegExp): number[] => paths.flatMap((path) => pattern.exec(path)?.[1] ?? []).map(Number);
