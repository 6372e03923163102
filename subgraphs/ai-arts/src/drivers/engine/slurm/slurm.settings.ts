/** Where a Slurm cluster is, who we are there, and what jobs are submitted with. */
export interface SlurmSettings {
  /** Of slurmrestd: `http://…`, `https://…` or `unix:/path`. */
  url: string;
  /** Whom jobs run as. */
  user: string;
  /** Undefined: a token comes from `scontrol`. */
  tokenFile: string | undefined;
  scontrol: string;
  /** The last number of `v0.0.38`; undefined: the newest that both sides know. */
  apiVersion: number | undefined;
  partition: string | undefined;
  account: string | undefined;
  qos: string | undefined;
  /** PATH of jobs. */
  searchPath: string;
  /** Node on the engine's machines. */
  node: string;
  connections: number;
  /** How long slurmrestd may take for one answer. */
  requestMs: number;
}
