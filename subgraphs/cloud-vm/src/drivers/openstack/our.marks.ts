/** What everything that we make in a cloud carries: which Hutong it is of, and for which machine. */
export class OurMarks {
  constructor(private readonly installation: string) {}

  /** On servers of all our machines. */
  get installationTag(): string {
    return `hutong-installation-${this.installation}`;
  }

  /** On the servers of one machine. */
  machineTag(machineId: string): string {
    return `${MACHINE_TAG}${machineId}`;
  }

  /** The description of a port or floating IP, which unlike tags is there from the moment it is made. */
  description(machineId: string): string {
    return `${this.#prefix}${machineId}`;
  }

  /** The machine that a server with these tags was made for; undefined when it is not ours. */
  machineOfTags(tags: readonly string[]): string | undefined {
    if (!tags.includes(this.installationTag)) return undefined;
    return tags.find((tag) => tag.startsWith(MACHINE_TAG))?.slice(MACHINE_TAG.length);
  }

  /** The machine that a port or floating IP with this description was made for; undefined when it is not ours. */
  machineOfDescription(description: string): string | undefined {
    return description.startsWith(this.#prefix) ? description.slice(this.#prefix.length) : undefined;
  }

  /** The metadata of a server, for people to read. */
  metadata(machineId: string): Record<string, string> {
    return { hutong_installation: this.installation, hutong_machine: machineId };
  }

  /** The properties of the image that is this snapshot. */
  snapshotProperties(snapshotId: string): Record<string, string> {
    return { hutong_installation: this.installation, hutong_snapshot: snapshotId };
  }

  get #prefix(): string {
    return `hutong ${this.installation} `;
  }
}

const MACHINE_TAG = 'hutong-machine-';
