/** How machines are run on this host. */
export interface QemuSettings {
  /** Absolute; `machines` and `images` lie below it. */
  dataDirectory: string;
  /** The folders that programs are looked for in, as in `PATH`. */
  searchPath: string;
  /** Guest ports that can be reached from this host. */
  ports: readonly number[];
  /** The system user that QEMU becomes when we are root. */
  user: string;
  /** How long a guest may take to shut down before it is ended. */
  shutdownMs: number;
  /** Memory that all machines may have together; undefined: four fifths of the host's. */
  memoryBytes: number | undefined;
  /** Virtual processors that all machines may have together, for each of the host's. */
  cpuOvercommit: number;
}

/** The line that installs what the driver runs. */
export const INSTALL_QEMU = 'apt-get install -y --no-install-recommends qemu-system-x86 qemu-utils';
