import { SharedHeaders } from '../http/shared-headers.js';

/** Tells what trace the present moment belongs to. */
export interface TraceSource {
  /** For log lines. */
  ids(): { traceId: string; spanId: string } | undefined;
  /** For requests to other processes (W3C Trace Context). */
  headers(): SharedHeaders;
}

/** The headers of no trace. */
export const NO_TRACE = new SharedHeaders({});

let source: TraceSource | undefined;

/** Makes a source the one that log lines and requests ask; undefined: there are no traces. */
export function traceWith(tracing: TraceSource | undefined): void {
  source = tracing;
}

/** Ids of the present trace and span, empty where there is none; an object of its own, as loggers write into it. */
export const traceIds = (): object => ({ ...source?.ids() });

/** Headers that continue the present trace in another process, empty where there is none. */
export const traceHeaders = (): SharedHeaders => source?.headers() ?? NO_TRACE;
