/** What a process is given that stands between callers and subgraphs. */
export interface Served {
  supergraphFile: string;
  /** Of the subgraphs, by name. */
  urls: Readonly<Record<string, string>>;
}

/** What a measured process says of itself whenever it is asked. */
export interface Usage {
  /** Microseconds of processor time of all its threads since it began. */
  cpuMicros: number;
  residentBytes: number;
}

/** What this process was given. */
export const given = (): Served => JSON.parse(process.argv[2]!) as Served;

/** Tells the process that measures where this one answers GraphQL, and what it has used whenever it is asked; ends with it. */
export function measured(url: string): void {
  process.on('message', () => {
    const { user, system } = process.cpuUsage();
    process.send!({ cpuMicros: user + system, residentBytes: process.memoryUsage.rss() } satisfies Usage);
  });
  process.on('disconnect', () => process.exit());
  process.send!({ url });
}
