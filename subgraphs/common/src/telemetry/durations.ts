import type { Metric, Registry } from 'prom-client';

/** One text for each label, in the order of their names. */
type Values<Names extends readonly string[]> = { [Index in keyof Names]: string };

/** What was counted of runs whose labels are the same, and the way to those with one more. */
class Series {
  /** By bucket; what is longer than all of them last. */
  readonly counts: number[];
  sum = 0;
  readonly #longer = new Map<string, Series>();

  constructor(
    readonly bounds: readonly number[],
    readonly values: readonly string[] = [],
  ) {
    this.counts = Array<number>(bounds.length + 1).fill(0);
  }

  with(value: string): Series {
    let series = this.#longer.get(value);
    if (!series) this.#longer.set(value, (series = new Series(this.bounds, [...this.values, value])));
    return series;
  }

  observe(seconds: number): void {
    const { bounds, counts } = this;
    let bucket = 0;
    while (bucket < bounds.length && seconds > bounds[bucket]!) bucket += 1;
    counts[bucket]! += 1;
    this.sum += seconds;
  }

  /** Itself and the longer ones that have so many labels. */
  *all(labels: number): Iterable<Series> {
    if (this.values.length === labels) yield this;
    else for (const series of this.#longer.values()) yield* series.all(labels);
  }
}

export interface DurationsOptions<Names extends readonly string[]> {
  name: string;
  help: string;
  /** Upper bounds of its buckets in seconds, rising. */
  bounds: readonly number[];
  labelNames: Names;
}

/**
 * A histogram for what happens many times in a request. That of prom-client writes a text of the labels and checks them for every
 * value, which costs more than some of what is measured; this one finds what it counts by the labels themselves, and is asked by the
 * registry in the same way.
 */
export class Durations<const Names extends readonly string[]> {
  readonly type = 'histogram';
  readonly aggregator = 'sum';
  readonly name: string;
  readonly help: string;
  readonly labelNames: Names;
  readonly #none: Series;

  constructor({ name, help, bounds, labelNames }: DurationsOptions<Names>) {
    this.name = name;
    this.help = help;
    this.labelNames = labelNames;
    this.#none = new Series(bounds);
  }

  /** @param labels there are only so many different ones */
  observe(seconds: number, ...labels: Values<Names>): void {
    let series = this.#none;
    for (const label of labels) series = series.with(label);
    series.observe(seconds);
  }

  /** Has a registry tell of it. */
  register(registry: Registry): void {
    // Registries look at nothing of a metric but these.
    registry.registerMetric(this as unknown as Metric);
  }

  /** As a registry asks. */
  async get(): Promise<object> {
    const { name, help, type, aggregator, labelNames } = this;
    return { name, help, type, aggregator, values: [...this.#none.all(labelNames.length)].flatMap((series) => this.#told(series)) };
  }

  #told({ bounds, counts, sum, values }: Series): object[] {
    const { name } = this;
    const labels = Object.fromEntries(this.labelNames.map((label, index) => [label, values[index]]));
    let count = 0;
    const buckets = counts.map((more, index) => ({ metricName: `${name}_bucket`, labels: { le: bounds[index] ?? '+Inf', ...labels }, value: (count += more) }));
    return [...buckets, { metricName: `${name}_sum`, labels, value: sum }, { metricName: `${name}_count`, labels, value: count }];
  }
}
