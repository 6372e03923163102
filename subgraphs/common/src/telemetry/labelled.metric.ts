import type { Metric, Registry } from 'prom-client';

/** One text for each label, in the order of their names; there are only so many different ones. */
export type LabelValues<Names extends readonly string[]> = { [Index in keyof Names]: string };

export interface LabelledOptions<Names extends readonly string[]> {
  name: string;
  help: string;
  labelNames: Names;
}

/** What was counted where the labels so far are the same, and the way to where one more is. */
interface Branch<Counted> {
  counted: Counted | undefined;
  readonly branches: Map<string, Branch<Counted>>;
}

const emptyBranch = <Counted>(): Branch<Counted> => ({ counted: undefined, branches: new Map() });

/**
 * A metric for what happens many times in a request. Those of prom-client write a text of the labels and check them for every value,
 * which costs more than some of what is measured; this one finds what it has counted by the labels themselves. A registry asks it in
 * the same way.
 */
export abstract class LabelledMetric<Names extends readonly string[], Counted> {
  abstract readonly type: 'counter' | 'histogram';
  readonly aggregator = 'sum';
  readonly name: string;
  readonly help: string;
  readonly labelNames: Names;
  readonly #root = emptyBranch<Counted>();

  constructor({ name, help, labelNames }: LabelledOptions<Names>) {
    this.name = name;
    this.help = help;
    this.labelNames = labelNames;
  }

  /** Has a registry tell of it. */
  register(registry: Registry): void {
    // Without labels it is there before anything happens.
    if (this.labelNames.length === 0) this.counted([]);
    // Registries look at nothing of a metric but what is here.
    registry.registerMetric(this as unknown as Metric);
  }

  /** As a registry asks. */
  async get(): Promise<object> {
    const { name, help, type, aggregator } = this;
    return { name, help, type, aggregator, values: this.#values(this.#root, []) };
  }

  /** What is counted at first. */
  protected abstract nothing(): Counted;

  /** As the values that a registry tells. */
  protected abstract told(counted: Counted, labels: Readonly<Record<string, string>>): object[];

  protected counted(labels: readonly string[]): Counted {
    let branch = this.#root;
    for (const label of labels) {
      let next = branch.branches.get(label);
      if (!next) branch.branches.set(label, (next = emptyBranch()));
      branch = next;
    }
    return (branch.counted ??= this.nothing());
  }

  #values({ counted, branches }: Branch<Counted>, labels: readonly string[]): object[] {
    const own = counted === undefined ? [] : this.told(counted, Object.fromEntries(this.labelNames.map((name, index) => [name, labels[index]!])));
    return [...own, ...[...branches].flatMap(([label, branch]) => this.#values(branch, [...labels, label]))];
  }
}
