import type { TelemetrySettings } from './environment.js';
import type { Metrics } from './metrics.js';
import type { Tracing } from './tracing.js';

/** What of a process is shown at present; a part that is switched off is not even loaded. */
export interface Telemetry {
  readonly metrics: Metrics | undefined;
  readonly tracing: Tracing | undefined;
  /** Sends what waits to be sent. */
  stop(): Promise<void>;
}

/** Begins to count and to trace. It comes before everything that is to be counted. */
export async function startTelemetry({ metrics: counted, traces }: TelemetrySettings, standardName: string): Promise<Telemetry> {
  const metrics = counted ? new (await import('./metrics.js')).Metrics() : undefined;
  const tracing = traces ? new (await import('./tracing.js')).Tracing(traces, standardName) : undefined;
  return {
    metrics,
    tracing,
    async stop() {
      metrics?.stop();
      await tracing?.stop();
    },
  };
}
