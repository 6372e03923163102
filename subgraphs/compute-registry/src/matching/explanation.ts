import type { CodeDictionary } from '../code-name/code-name.dictionary.js';
import { CodeKind } from '../code-name/code-name.kinds.js';
import { allOf, groupConditions, type Condition, type GroupFilter } from '../computing-resource/resource-conditions.js';
import { CODE_KINDS, type CodeMember } from '../computing-resource/resource-filter.js';
import { Parameters, type PreparedReads } from '../database/prepared-reads.js';
import type { RequirementEffect } from './matching.types.js';
import { measureConditions, MEASURES, measuresOf, type MeasureName, type Requirements } from './requirements.js';

interface Split {
  parameters: Parameters;
  groups: Condition[];
  rows: Condition[];
  fresh: string;
}

/** Where else a requirement could be met, and how often. */
const LISTED_PLACES = 3;

/** Tells what requirements cost, and what is nearest when they leave nothing. */
export class MatchExplainer {
  readonly #reads: PreparedReads;
  readonly #dictionary: CodeDictionary;
  readonly #requirements: Requirements;
  readonly #filter: GroupFilter;
  readonly #cutoff: Date;

  constructor(reads: PreparedReads, dictionary: CodeDictionary, requirements: Requirements, filter: GroupFilter, cutoff: Date) {
    this.#reads = reads;
    this.#dictionary = dictionary;
    this.#requirements = requirements;
    this.#filter = filter;
    this.#cutoff = cutoff;
  }

  /** For each requirement, how many fresh resources it alone rules out: one scan of the groups that fail at most one. */
  async effects(): Promise<RequirementEffect[]> {
    const { parameters, groups, rows, fresh } = this.#split();
    const conditions = [...groups, ...rows];
    if (conditions.length === 0) return [];
    const failures = groups.map(({ sql }) => `(not (${sql}))::integer`);
    const failed = groups.map(({ sql }, index) => `when not (${sql}) then ${index + 1}`);
    const counts = rows.map((one, index) => `(count(*) filter (where g.failed = 0 and not coalesce(${one.sql}, false) and ${allOf(rows.filter((other) => other !== one))}))::integer as row_${index}`);
    const groupCounts = groups.map((_, index) => `(count(*) filter (where g.failed = ${index + 1} and ${allOf(rows)}))::integer as group_${index}`);
    const [row] = await this.#reads.rows<Record<string, number>>(
      `select ${[...groupCounts, ...counts].join(', ')}
       from (select id as chosen_id, ${groups.length === 0 ? '0' : `case ${failed.join(' ')} else 0 end`} as failed
             from compute_registry.resource_group where ${failures.length === 0 ? 'true' : `${failures.join(' + ')} <= 1`} offset 0) g
       cross join lateral (select * from compute_registry.computing_resource r where r.group_id = g.chosen_id and ${fresh}) r`,
      parameters,
    );
    return conditions.map(({ requirement }, index) => ({
      requirement,
      excludedAlone: row![index < groups.length ? `group_${index}` : `row_${index - groups.length}`]!,
    }));
  }

  /** What is nearest: where giving up one requirement would help, else which ones would have to go together. */
  async alternatives(effects: readonly RequirementEffect[]): Promise<string[]> {
    const helpful = effects.filter(({ excludedAlone }) => excludedAlone > 0);
    if (helpful.length === 0) return this.#together();
    return Promise.all(helpful.map((effect) => this.#without(effect)));
  }

  async #without({ requirement, excludedAlone }: RequirementEffect): Promise<string> {
    if (requirement === 'gpuModel') return `no ${this.#wanted()}; ${(await this.#elsewhere(requirement, 'm.name')).join(', ')}${this.#where('gpuModel')}`;
    const kind = CODE_KINDS[requirement as CodeMember] as CodeKind | undefined;
    if (kind) {
      const column = COLUMNS[requirement as CodeMember];
      const found = await this.#elsewhere(requirement, column, kind);
      return `no ${this.#wanted()}; ${found.join(', ')}`;
    }
    return `no ${this.#wanted()}; ${excludedAlone} ${await this.#nearest(requirement as MeasureName)}`;
  }

  /** The most frequent other values of one requirement among what meets all the others: `12 in 上海`. */
  async #elsewhere(requirement: string, column: string, kind?: CodeKind): Promise<string[]> {
    const { parameters, groups, rows, fresh } = this.#split(requirement);
    const found = await this.#reads.rows<{ value: string; resources: number }>(
      `select g.value, count(*)::integer as resources
       from (select g.id as chosen_id, ${column} as value from compute_registry.resource_group g
             join compute_registry.gpu_model m on m.id = g.gpu_model_id where ${allOf(groups)} offset 0) g
       cross join lateral (select * from compute_registry.computing_resource r where r.group_id = g.chosen_id and ${fresh}) r
       where ${allOf(rows)} group by g.value order by resources desc, g.value limit ${LISTED_PLACES}`,
      parameters,
    );
    return found.map(({ value, resources }) => (kind === undefined ? `${resources} ${value}` : `${resources} ${PREPOSITIONS[requirement] ?? 'of'} ${this.#dictionary.name(kind, value).name}`));
  }

  /** How near a measured requirement is met by what meets all the others. */
  async #nearest(name: MeasureName): Promise<string> {
    const { parameters, groups, rows, fresh } = this.#split(name);
    const { column, operator } = MEASURES[name];
    if (operator === '=') return 'are otherwise alike';
    const [row] = await this.#reads.rows<{ nearest: number | null }>(
      `select ${operator === '>=' ? 'max' : 'min'}(${column}) as nearest
       from (select id as chosen_id from compute_registry.resource_group where ${allOf(groups)} offset 0) g
       cross join lateral (select * from compute_registry.computing_resource r where r.group_id = g.chosen_id and ${fresh}) r where ${allOf(rows)}`,
      parameters,
    );
    const nearest = row?.nearest ?? null;
    if (nearest === null) return 'do not say theirs';
    return operator === '>=' ? `have less, the most is ${nearest}` : `have more, the least is ${nearest}`;
  }

  /** The smallest sets of requirements that would have to go, when no single one is enough. */
  async #together(): Promise<string[]> {
    const { parameters, groups, rows, fresh } = this.#split();
    const names = [...groups, ...rows].map(({ requirement }) => requirement);
    if (names.length === 0) return [];
    const bit = (index: number, condition: string) => `(case when coalesce(${condition}, false) then 0 else ${2 ** index} end)`;
    const groupMask = groups.length === 0 ? '0' : groups.map(({ sql }, index) => bit(index, sql)).join(' + ');
    const rowMask = rows.length === 0 ? '0' : rows.map(({ sql }, index) => bit(groups.length + index, sql)).join(' + ');
    const found = await this.#reads.rows<{ failed: number; resources: number }>(
      `select g.failed + ${rowMask} as failed, count(*)::integer as resources
       from (select id as chosen_id, ${groupMask} as failed from compute_registry.resource_group offset 0) g
       cross join lateral (select * from compute_registry.computing_resource r where r.group_id = g.chosen_id and ${fresh}) r
       group by 1 order by bit_count((g.failed + ${rowMask})::bit(32)), resources desc, 1 limit ${LISTED_PLACES}`,
      parameters,
    );
    return found.map(({ failed, resources }) => `${resources} without ${names.filter((_, index) => failed & (2 ** index)).join(' and ')}`);
  }

  /** The conditions, without those of one requirement. */
  #split(without?: string): Split {
    const parameters = new Parameters();
    const keep = ({ requirement }: Condition) => requirement !== without;
    const codes = Object.fromEntries(Object.entries(this.#filter.codes).filter(([name]) => name !== without));
    const groups = groupConditions({ codes, gpuModel: without === 'gpuModel' ? null : (this.#filter.gpuModel ?? null) }, parameters);
    const measured: Requirements = without === undefined ? this.#requirements : { ...this.#requirements, [without]: null };
    const rows = measureConditions(measured, parameters).filter(keep);
    return { parameters, groups, rows, fresh: `r.reported_at > ${parameters.add(this.#cutoff)}` };
  }

  #wanted(): string {
    const measures = measuresOf(this.#requirements).map(([name, value]) => MEASURES[name].phrase(value));
    return `${this.#requirements.gpuModel ?? 'resource'}${this.#where()}${measures.length === 0 ? '' : ` with ${measures.join(' and ')}`}`;
  }

  #where(without?: string): string {
    const regions = without === 'region' ? [] : (this.#requirements.region ?? []);
    return regions.length === 0 ? '' : ` in ${regions.join(', ')}`;
  }
}

const COLUMNS: Record<CodeMember, string> = {
  resourceType: 'g.resource_type',
  serviceType: 'g.service_type',
  region: 'g.region',
  organization: 'g.organization',
  industry: 'g.industry',
  availabilityZone: 'g.availability_zone',
};

const PREPOSITIONS: Record<string, string> = { region: 'in', availabilityZone: 'in', organization: 'from', industry: 'for' };
