import { AsyncLocalStorage } from 'node:async_hooks';
import { defaultTextMapGetter, defaultTextMapSetter, ROOT_CONTEXT, SpanKind, SpanStatusCode, trace, type Attributes, type Context, type Span } from '@opentelemetry/api';
import { W3CTraceContextPropagator } from '@opentelemetry/core';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { defaultResource, resourceFromAttributes } from '@opentelemetry/resources';
import { AlwaysOffSampler, AlwaysOnSampler, BatchSpanProcessor, ParentBasedSampler, TraceIdRatioBasedSampler, TracerProvider, type Sampler } from '@opentelemetry/sdk-trace';
import type { Activity, Running } from './activity.js';
import { subgraphFetches, subgraphRequests } from './activities.js';
import type { SamplerName, TelemetrySettings } from './environment.js';
import { answered, failed } from './outcome.js';
import { traceWith, type TraceSource } from './trace-context.js';

/** How an activity shows as a span. Attributes hold nothing that a person or a credential could be known by. */
export interface SpanForm {
  name: string;
  kind?: 'server' | 'client';
  attributes?: Attributes;
  /** Headers that say which trace of another process this continues. */
  carrier?: { traceparent?: string | undefined; tracestate?: string | undefined };
  /** Begins a trace of its own. */
  root?: boolean;
}

/** Spans are sent together, so often. */
const SEND_MS = 1_000;

const KINDS = { server: SpanKind.SERVER, client: SpanKind.CLIENT } as const;

/**
 * Turns activities into spans and sends them by OTLP. It leaves the API's process-wide provider alone: libraries that
 * make spans of their own make none here.
 */
export class Tracing implements TraceSource {
  readonly #provider: TracerProvider;
  readonly #present = new AsyncLocalStorage<Context>();
  readonly #propagator = new W3CTraceContextPropagator();
  readonly #spans = new WeakMap<Running<object>, Span>();
  readonly #stops: (() => void)[] = [];

  constructor({ endpoint, serviceName, sampler, ratio }: NonNullable<TelemetrySettings['traces']>, standardName: string) {
    const exporter = new OTLPTraceExporter({ url: `${endpoint.replace(/\/$/, '')}/v1/traces` });
    this.#provider = new TracerProvider({
      resource: defaultResource().merge(resourceFromAttributes({ 'service.name': serviceName ?? standardName })),
      sampler: samplerOf(sampler, ratio),
      spanProcessors: [new BatchSpanProcessor({ exporter, scheduledDelayMillis: SEND_MS })],
    });
    this.follow(subgraphFetches, ({ subgraph, origin, requestId }) => ({
      name: `fetch ${subgraph}`,
      kind: 'client',
      attributes: { 'hutong.subgraph': subgraph, 'hutong.origin': origin, 'hutong.request_id': requestId },
    }), answered);
    this.follow(subgraphRequests, ({ subgraph, requestId, traceparent }) => ({
      name: `answer ${subgraph}`,
      kind: 'server',
      attributes: { 'hutong.subgraph': subgraph, 'hutong.request_id': requestId },
      carrier: { traceparent },
    }), ({ result, ...running }) => ({ 'http.response.status_code': result?.status ?? 500, ...answered({ ...running, ...(result ? { result: result.result } : {}) }) }));
    traceWith(this);
  }

  /**
   * Makes a span of every run of an activity; what happens within is below it.
   *
   * @param closing attributes that are known at its end; `error.type` among them marks it as failed
   */
  follow<Details extends object, Result>(activity: Activity<Details, Result>, form: (details: Details) => SpanForm, closing: (running: Running<Details, Result>) => Attributes = failed): void {
    const tracer = this.#provider.getTracer('hutong');
    const begin = (running: Running<Details, Result>): Context => {
      const { name, kind, attributes, carrier, root = false } = form(running.details);
      const above = root || carrier ? ROOT_CONTEXT : (this.#present.getStore() ?? ROOT_CONTEXT);
      const parent = carrier ? this.#propagator.extract(above, carrier, defaultTextMapGetter) : above;
      const span = tracer.startSpan(name, { ...(kind ? { kind: KINDS[kind] } : {}), ...(attributes ? { attributes } : {}) }, parent);
      this.#spans.set(running, span);
      return trace.setSpan(parent, span);
    };
    this.#stops.push(
      activity.bind(this.#present, begin),
      activity.onEnd((running) => {
        const span = this.#spans.get(running);
        if (!span) return;
        const attributes = closing(running);
        span.setAttributes(attributes);
        if (attributes['error.type'] !== undefined) span.setStatus({ code: SpanStatusCode.ERROR });
        span.end();
      }),
    );
  }

  ids(): { traceId: string; spanId: string } | undefined {
    const present = this.#span();
    return present && { traceId: present.traceId, spanId: present.spanId };
  }

  headers(): Readonly<Record<string, string>> {
    const present = this.#present.getStore();
    const headers: Record<string, string> = {};
    if (present) this.#propagator.inject(present, headers, defaultTextMapSetter);
    return headers;
  }

  /** Sends what waits to be sent, for a few seconds at most. */
  async stop(): Promise<void> {
    traceWith(undefined);
    for (const stop of this.#stops.splice(0)) stop();
    await this.#provider.shutdown().catch(() => undefined);
  }

  #span() {
    const present = this.#present.getStore();
    return present && trace.getSpanContext(present);
  }
}

function samplerOf(name: SamplerName, ratio: number): Sampler {
  const root = name.endsWith('always_off') ? new AlwaysOffSampler() : name.endsWith('traceidratio') ? new TraceIdRatioBasedSampler(ratio) : new AlwaysOnSampler();
  return name.startsWith('parentbased_') ? new ParentBasedSampler({ root }) : root;
}
