import { LabelledMetric, type LabelledOptions, type LabelValues } from './labelled.metric.js';

interface Observed {
  /** By bucket; what is longer than all of them last. */
  readonly counts: number[];
  sum: number;
}

export interface DurationsOptions<Names extends readonly string[]> extends LabelledOptions<Names> {
  /** Upper bounds of its buckets in seconds, rising. */
  bounds: readonly number[];
}

/** A histogram of seconds. */
export class Durations<const Names extends readonly string[]> extends LabelledMetric<Names, Observed> {
  readonly type = 'histogram';
  readonly #bounds: readonly number[];

  constructor({ bounds, ...options }: DurationsOptions<Names>) {
    super(options);
    this.#bounds = bounds;
  }

  observe(seconds: number, ...labels: LabelValues<Names>): void {
    const bounds = this.#bounds;
    let bucket = 0;
    while (bucket < bounds.length && seconds > bounds[bucket]!) bucket += 1;
    const observed = this.counted(labels);
    observed.counts[bucket]! += 1;
    observed.sum += seconds;
  }

  protected nothing(): Observed {
    return { counts: Array<number>(this.#bounds.length + 1).fill(0), sum: 0 };
  }

  protected told({ counts, sum }: Observed, labels: Readonly<Record<string, string>>): object[] {
    const { name } = this;
    let count = 0;
    const buckets = counts.map((more, index) => ({ metricName: `${name}_bucket`, labels: { le: this.#bounds[index] ?? '+Inf', ...labels }, value: (count += more) }));
    return [...buckets, { metricName: `${name}_sum`, labels, value: sum }, { metricName: `${name}_count`, labels, value: count }];
  }
}
