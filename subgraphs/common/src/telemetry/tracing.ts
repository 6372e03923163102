import { AsyncLocalStorage } from 'node:async_hooks';
import { defaultTextMapGetter, ROOT_CONTEXT, SpanKind, SpanStatusCode, trace, type Attributes, type Span } from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { defaultResource, resourceFromAttributes } from '@opentelemetry/resources';
import { AlwaysOffSampler, AlwaysOnSampler, BatchSpanProcessor, ParentBasedSampler, TraceIdRatioBasedSampler, TracerProvider, type Sampler } from '@opentelemetry/sdk-trace';
import type { SharedHeaders } from '../http/shared-headers.js';
import type { Activity, Running } from './activity.js';
import { subgraphFetches, subgraphRequests } from './activities.js';
import type { SamplerName, TelemetrySettings } from './environment.js';
import { answered, failed } from './outcome.js';
import { NO_TRACE, traceWith, type TraceSource } from './trace-context.js';
import { propagator, TracePlace } from './trace-place.js';

/** How an activity shows as a span. Attributes hold nothing that a person or a credential could be known by. */
export interface SpanForm {
  name: string;
  kind?: 'server' | 'client';
  attributes?: Attributes;
}

/** Headers that say which trace of another process is continued. */
export interface TraceCarrier {
  traceparent?: string | undefined;
  tracestate?: string | undefined;
}

/** How runs of an activity become spans. */
export interface Followed<Details, Result> {
  /** Asked only where it may be shown. */
  form: (details: Details) => SpanForm;
  /** Attributes that are known at the end; `error.type` among them marks the span as failed. Where nothing is said: what the run failed with. */
  closing?: (running: Running<Details, Result>) => Attributes;
  /** What they are below: a trace of another process, or none; where nothing is said, what they happen within. */
  below?: 'nothing' | ((details: Details) => TraceCarrier);
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
  readonly #present = new AsyncLocalStorage<TracePlace>();
  readonly #spans = new WeakMap<Running<object>, Span>();
  readonly #stops: (() => void)[] = [];

  constructor({ endpoint, serviceName, sampler, ratio }: NonNullable<TelemetrySettings['traces']>, standardName: string) {
    const exporter = new OTLPTraceExporter({ url: `${endpoint.replace(/\/$/, '')}/v1/traces` });
    this.#provider = new TracerProvider({
      resource: defaultResource().merge(resourceFromAttributes({ 'service.name': serviceName ?? standardName })),
      sampler: samplerOf(sampler, ratio),
      spanProcessors: [new BatchSpanProcessor({ exporter, scheduledDelayMillis: SEND_MS })],
    });
    this.follow(subgraphFetches, {
      form: ({ subgraph, origin, requestId }) => ({
        name: `fetch ${subgraph}`,
        kind: 'client',
        attributes: { 'hutong.subgraph': subgraph, 'hutong.origin': origin, 'hutong.request_id': requestId },
      }),
      closing: answered,
    });
    this.follow(subgraphRequests, {
      form: ({ subgraph, requestId }) => ({ name: `answer ${subgraph}`, kind: 'server', attributes: { 'hutong.subgraph': subgraph, 'hutong.request_id': requestId } }),
      closing: ({ result, ...running }) => ({ 'http.response.status_code': result?.status ?? 500, ...answered({ ...running, ...(result ? { result: result.result } : {}) }) }),
      below: ({ traceparent }) => ({ traceparent }),
    });
    traceWith(this);
  }

  /**
   * Makes a span of every run of an activity; what happens within is below it. Below one that is not recorded no other is, whatever
   * the sampler, so that none is made there: all that happens within such a span is told to other processes as the span itself.
   */
  follow<Details extends object, Result>(activity: Activity<Details, Result>, { form, closing = failed, below }: Followed<Details, Result>): void {
    const tracer = this.#provider.getTracer('hutong');
    const begin = (running: Running<Details, Result>): TracePlace => {
      const present = below ? undefined : this.#present.getStore();
      if (present && !present.isRecorded) return present;
      const parent = typeof below === 'function' ? propagator.extract(ROOT_CONTEXT, below(running.details), defaultTextMapGetter) : (present?.context ?? ROOT_CONTEXT);
      const { name, kind, attributes } = form(running.details);
      const span = tracer.startSpan(name, { ...(kind ? { kind: KINDS[kind] } : {}), ...(attributes ? { attributes } : {}) }, parent);
      if (span.isRecording()) this.#spans.set(running, span);
      return new TracePlace(trace.setSpan(parent, span), span);
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
    return this.#present.getStore()?.ids;
  }

  headers(): SharedHeaders {
    return this.#present.getStore()?.headers ?? NO_TRACE;
  }

  /** Sends what waits to be sent, for a few seconds at most. */
  async stop(): Promise<void> {
    traceWith(undefined);
    for (const stop of this.#stops.splice(0)) stop();
    await this.#provider.shutdown().catch(() => undefined);
  }
}

function samplerOf(name: SamplerName, ratio: number): Sampler {
  const root = name.endsWith('always_off') ? new AlwaysOffSampler() : name.endsWith('traceidratio') ? new TraceIdRatioBasedSampler(ratio) : new AlwaysOnSampler();
  return name.startsWith('parentbased_') ? new ParentBasedSampler({ root }) : root;
}
