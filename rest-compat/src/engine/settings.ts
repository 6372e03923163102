import type { UploadLimits } from '@hutong/common/process';

/** Where faults go that no caller is told of. A pino logger fits. */
export interface Log {
  error(fields: object, message: string): void;
}

/** Addresses that act as a user. */
export interface TrustedNetwork {
  /** As CIDR: `10.0.0.0/8`. */
  network: string;
  username: string;
}

export interface RestCompatSettings {
  /** Largest body of a route, after inflation. */
  bodyLimitBytes: number;
  /** The same for rows that say `limit: 'bulk'`. */
  bulkBodyLimitBytes: number;
  /** A request that takes longer, its upload included, is answered with TIMEOUT and its operation aborted. */
  requestTimeoutMs: number;
  /** A read whose answer is larger is refused. */
  answerLimitBytes: number;
  /** How much of answers that may be sent again is kept; the least recently used go first. */
  answerMemoryBytes: number;
  /**
   * Origins whose pages may send mutating requests, beside the one the request itself is addressed to: for a proxy that
   * rewrites `Host`. For example `https://compute.example.org`.
   */
  ownOrigins: readonly string[];
  /** Files of the rows that take one. */
  uploads: UploadLimits;
  /** Where the gateway is, for what it answers itself; undefined: in this process, as the next middleware. */
  gatewayUrl: string | undefined;
  /** Where the playground of the graph is, for the page of the documents; undefined: there is none. */
  playground: string | undefined;
  /** How long a row that waits for what it began does so, counted from the submission. */
  waitSeconds: number;
  /** Who needs no credential, of those contracts that say so; of several that hold an address the first counts. */
  trustedNetworks: readonly TrustedNetwork[];
  log: Log;
}

export const defaultSettings: Omit<RestCompatSettings, 'log'> = {
  bodyLimitBytes: 2 * 1024 * 1024,
  bulkBodyLimitBytes: 16 * 1024 * 1024,
  requestTimeoutMs: 60_000,
  answerLimitBytes: 10 * 1024 * 1024,
  answerMemoryBytes: 16 * 1024 * 1024,
  ownOrigins: [],
  uploads: { files: 1, fileBytes: 5 * 1024 ** 3, idleMs: 30_000 },
  gatewayUrl: undefined,
  playground: undefined,
  waitSeconds: 120,
  trustedNetworks: [],
};
