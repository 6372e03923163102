/** Who asks, as it stands in the HTTP request; whose credential it is, the graph finds out. */
export interface GraphCaller {
  /** A ticket or an API token, without its scheme. Absent when none was sent or the route takes none. */
  credential?: string;
  /** The header `CSRFPreventionToken`, sent along with a credential; to be refused when it is not the ticket's. */
  csrfToken?: string;
  /** The user that an address of a trusted network stands for, where no credential was sent. */
  actsAs?: string;
  /** The address the request came from, behind trusted proxies the one they tell. */
  address: string;
  /** Whose credential it is; the graph sets it when it has found out. */
  userId?: string | null;
  /** Goes into every log line and back to the caller as `X-Request-Id`. */
  requestId: string;
}

/** A stored operation with the values of one request. */
export interface GraphRequest {
  /** Text of one operation and the fragments it uses; the same text each time, so that it can be parsed and planned once. */
  document: string;
  operationName: string;
  variables: Record<string, unknown>;
  caller: GraphCaller;
  /** Aborted when the caller has gone or the request's time is over. */
  signal: AbortSignal;
  /** Of an operation with files among its variables: resolves when they have come whole; time limits begin then. */
  received?: Promise<void>;
}

export interface GraphError {
  message: string;
  path?: readonly (string | number)[];
  /**
   * `code` (of the error catalogue), `field` (a path into the input such as `input.reports[3].gpuMemory`),
   * `retryAfterSeconds`, and for a batch `failures` (at most 20 of `{ index, message }`) with `failureCount`.
   */
  extensions?: Record<string, unknown>;
}

export interface GraphAnswer {
  data?: Record<string, unknown> | null;
  errors?: readonly GraphError[];
}

/** All that rest-compat knows of the graph; the gateway implements it in its own process, a client could over HTTP. */
export interface Graph {
  /**
   * Runs a stored operation as whoever the credential belongs to. Failures of the operation, of the credential included,
   * come back in `errors`; it rejects only when something is broken.
   */
  execute(request: GraphRequest): Promise<GraphAnswer>;
  /**
   * A text that changes whenever the answer to a read of this topic (`<subgraph>.<what>`) by this caller may have changed; an answer made
   * under a text is sent again while the text stands, without asking anything else. So it must be undefined unless the
   * credential (and the CSRF token, when sent) is known to be good at this moment, and no dearer than a look into a map.
   */
  revision(topic: string, caller: GraphCaller): string | undefined;
  /** Whether the database and every subgraph answer; when not, the message says which does not. */
  readiness(): Promise<{ ready: boolean; message: string }>;
}
