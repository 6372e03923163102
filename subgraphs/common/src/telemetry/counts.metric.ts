import { LabelledMetric, type LabelValues } from './labelled.metric.js';

/** A counter. */
export class Counts<const Names extends readonly string[]> extends LabelledMetric<Names, { value: number }> {
  readonly type = 'counter';

  inc(...labels: LabelValues<Names>): void {
    this.counted(labels).value += 1;
  }

  add(more: number, ...labels: LabelValues<Names>): void {
    this.counted(labels).value += more;
  }

  protected nothing(): { value: number } {
    return { value: 0 };
  }

  protected told({ value }: { value: number }, labels: Readonly<Record<string, string>>): object[] {
    return [{ labels, value }];
  }
}
