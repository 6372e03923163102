/** How jobs run on this host. */
export interface LocalEngineSettings {
  /** Absolute; the engine keeps what it must remember in `ai-arts/engine` below it. */
  dataDirectory: string;
  /** Where the engine itself finds programs such as `bwrap` and `nvidia-smi`, as in `PATH`. */
  searchPath: string;
  /** What jobs get as `PATH`, behind a folder with our Node. */
  jobPath: string;
  /** Processors that all jobs may have together; undefined: all of the host's. */
  cpus: number | undefined;
  /** Memory that all jobs may have together; undefined: four fifths of the host's. */
  memoryBytes: number | undefined;
  /** How many jobs may wait and run. */
  mostJobs: number;
  /** The system user that jobs become when we are root. */
  user: string;
  sandbox: 'auto' | 'bubblewrap' | 'none';
  /** Folders that jobs may read beside the system's own. */
  readOnly: readonly string[];
}

/** The line that installs the sandbox. */
export const INSTALL_BUBBLEWRAP = 'apt-get install -y --no-install-recommends bubblewrap';
