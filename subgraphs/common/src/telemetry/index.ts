export { Activity, Occurrence, secondsOf, type Running } from './activity.js';
export * from './activities.js';
export { telemetryOf, telemetrySettings, type TelemetrySettings } from './environment.js';
export { answered, codeOf, failed } from './outcome.js';
export { METRICS_PATH, MetricsAnswer } from './metrics-answer.js';
export { startTelemetry, type Telemetry } from './telemetry.js';
export { traceHeaders, traceIds } from './trace-context.js';
export type { Metrics } from './metrics.js';
export type { SpanForm, Tracing } from './tracing.js';
