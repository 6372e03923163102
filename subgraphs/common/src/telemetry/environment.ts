import { readSettings, settingTypes, type Setting } from '../environment/settings.js';

const SAMPLERS = ['always_on', 'always_off', 'traceidratio', 'parentbased_always_on', 'parentbased_always_off', 'parentbased_traceidratio'] as const;

/** How much of the traces is kept, by the names that OpenTelemetry gives to it. */
export type SamplerName = (typeof SAMPLERS)[number];

const ratio = (text: string | undefined): boolean => text === undefined || (/^(0|1|0?\.\d+|1\.0+)$/.test(text) && Number(text) <= 1);

/** Settings of everything that shows what a process does; the same for the gateway and for a subgraph alone. */
export const telemetrySettings = {
  METRICS: { schema: settingTypes.flag().optional(), example: 'true', about: 'Whether /metrics is served. Empty: outside production, and where METRICS_PORT is set.' },
  METRICS_TOKEN: { schema: settingTypes.optionalSecret(), example: 'a-long-random-text', about: 'What a request for /metrics must bring as Authorization: Bearer. Empty: nothing.' },
  OTEL_EXPORTER_OTLP_ENDPOINT: { schema: settingTypes.optionalUrl('http', 'https'), example: 'http://127.0.0.1:4318', about: 'Where traces are sent, as OTLP over HTTP in JSON. Empty: none are made.' },
  OTEL_SERVICE_NAME: { schema: settingTypes.optionalText(), example: 'hutong-west', about: 'Name of this process in traces. Empty: hutong-gateway, or hutong- and the name of the subgraph.' },
  OTEL_TRACES_SAMPLER: { schema: settingTypes.oneOf(...SAMPLERS), default: 'parentbased_always_on', example: 'parentbased_traceidratio', about: 'Which traces are made.' },
  OTEL_TRACES_SAMPLER_ARG: {
    schema: settingTypes.optionalText().refine(ratio, 'expected a number from 0 to 1'),
    default: '1',
    example: '0.1',
    about: 'The share of traces that is made, for the two samplers with traceidratio.',
  },
} satisfies Record<string, Setting<unknown>>;

/** What of a process can be seen. */
export interface TelemetrySettings {
  metrics: boolean;
  metricsToken: string | undefined;
  /** Undefined: no traces. */
  traces: { endpoint: string; serviceName: string | undefined; sampler: SamplerName; ratio: number } | undefined;
}

type Values = ReturnType<typeof readSettings<typeof telemetrySettings>>;

/** @param metrics whether there are metrics where METRICS does not say */
export function telemetryOf(values: Values, metrics: boolean): TelemetrySettings {
  const { OTEL_EXPORTER_OTLP_ENDPOINT: endpoint } = values;
  return {
    metrics: values.METRICS ?? metrics,
    metricsToken: values.METRICS_TOKEN,
    traces: endpoint === undefined ? undefined : { endpoint, serviceName: values.OTEL_SERVICE_NAME, sampler: values.OTEL_TRACES_SAMPLER, ratio: Number(values.OTEL_TRACES_SAMPLER_ARG) },
  };
}
