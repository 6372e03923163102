import { listen, type Log } from '@hutong/common';
import { MetricsAnswer, startTelemetry } from '@hutong/common/telemetry';
import type { GatewaySettings } from '../environment.js';
import { writeAccessLog } from '../telemetry/access-log.js';

/** What of the gateway's process is shown. */
export interface GatewayTelemetry {
  /** Metrics for the gateway's own port; undefined where they are off, or have a port of their own. */
  readonly metrics: MetricsAnswer | undefined;
  /** Sends what waits to be sent. */
  stop(): Promise<void>;
}

type Shown = Pick<GatewaySettings, 'telemetry' | 'metricsPort' | 'host'>;

/** Begins to count, to trace and to write the access log. @throws ListenError when the metrics' own port cannot be listened on */
export async function openTelemetry({ telemetry: settings, metricsPort, host }: Shown, log: Log): Promise<GatewayTelemetry> {
  const telemetry = await startTelemetry(settings, 'hutong-gateway');
  const { metrics, tracing } = telemetry;
  if (metrics) (await import('../telemetry/gateway.metrics.js')).countGateway(metrics);
  if (tracing) (await import('../telemetry/gateway.spans.js')).traceGateway(tracing);
  const answer = metrics && new MetricsAnswer(metrics, settings.metricsToken);
  try {
    const listener = answer && metricsPort !== undefined ? await listen(answer.server, { host, port: metricsPort, setting: 'METRICS_PORT' }) : undefined;
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
