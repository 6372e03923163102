import { listen, type Log } from '@hutong/common';
import { MetricsAnswer, startTelemetry, type Metrics, type MetricsSource } from '@hutong/common/telemetry';
import type { GatewaySettings } from '../environment.js';
import { writeAccessLog } from '../telemetry/access-log.js';

/** What of the gateway's process is shown. */
export interface GatewayTelemetry {
  /** Metrics for the gateway's own port; undefined where they are off, or have a port of their own. */
  readonly metrics: MetricsAnswer | undefined;
  /** Sends what waits to be sent. */
  stop(): Promise<void>;
}

type Shown = Pick<GatewaySettings, 'telemetry' | 'metricsPort' | 'host' | 'workers'>;

/**
 * Begins to count, to trace and to write the access log.
 *
 * @param shownOf what is served of the metrics that are counted here
 * @throws ListenError when the metrics' own port cannot be listened on
 */
export async function openTelemetry({ telemetry: settings, metricsPort, host, workers }: Shown, log: Log, shownOf: (own: Metrics) => MetricsSource = (own) => own): Promise<GatewayTelemetry> {
  const telemetry = await startTelemetry(settings, 'hutong-gateway');
  const { metrics, tracing } = telemetry;
  if (metrics) (await import('../telemetry/gateway.metrics.js')).countGateway(metrics);
  if (tracing) (await import('../telemetry/gateway.spans.js')).traceGateway(tracing);
  const answer = metrics && new MetricsAnswer(shownOf(metrics), settings.metricsToken);
  try {
    const listener = answer && metricsPort !== undefined ? await listen(answer.server, { host, port: metricsPort, setting: 'METRICS_PORT', isShared: workers > 1 }) : undefined;
    const stopLog = writeAccessLog(log);
    return {
      metrics: listener ? undefined : answer,
      async stop() {
        stopLog();
        await listener?.drain(0);
        await telemetry.stop();
      },
    };
  } catch (error) {
    await telemetry.stop();
    throw error;
  }
}
