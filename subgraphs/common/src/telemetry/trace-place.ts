import { defaultTextMapSetter, type Context, type Span } from '@opentelemetry/api';
import { W3CTraceContextPropagator } from '@opentelemetry/core';
import { SharedHeaders } from '../http/shared-headers.js';

/** Reads and writes what processes tell each other of a trace. */
export const propagator = new W3CTraceContextPropagator();

/** A span that something happens within. */
export class TracePlace {
  /** Whether it is to be seen. */
  readonly isRecorded: boolean;
  readonly #span: Span;
  #headers: SharedHeaders | undefined;

  constructor(
    readonly context: Context,
    span: Span,
  ) {
    this.#span = span;
    this.isRecorded = span.isRecording();
  }

  get ids(): { traceId: string; spanId: string } {
    const { traceId, spanId } = this.#span.spanContext();
    return { traceId, spanId };
  }

  /** What continues it in another process; one object for all who ask. */
  get headers(): SharedHeaders {
    return (this.#headers ??= this.#injected());
  }

  #injected(): SharedHeaders {
    const headers: Record<string, string> = {};
    propagator.inject(this.context, headers, defaultTextMapSetter);
    return new SharedHeaders(headers);
  }
}
