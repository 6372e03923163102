import { sql } from '@hutong/common';
import type { EntityManager } from '@mikro-orm/postgresql';
import type { MetricLine } from './metric.line.js';
import { addPoint, newSeries, shownSeries, type KeptSeries, type MetricSeries } from './metric.series.js';

const MOST_NAMES = 64;

const READ = `
  update ai_arts.job set log_read_bytes = $3, progress = coalesce($4, progress), is_log_read = $5
  where id = $1 and log_read_bytes = $2 and not is_log_read returning id`;
const SERIES = 'select name, seen, stride, points, last from ai_arts.metric_series where job_id = $1 and ($2::text is null or name = $2) order by name';
const SAVE = `
  insert into ai_arts.metric_series (job_id, name, seen, stride, points, last) values ($1, $2, $3, $4, $5, $6)
  on conflict (job_id, name) do update set seen = excluded.seen, stride = excluded.stride, points = excluded.points, last = excluded.last`;

/** What was read from a log, from one byte to another. */
export interface LogReading {
  from: number;
  to: number;
  lines: readonly MetricLine[];
  /** Whether that was the end of it. */
  isAll: boolean;
}

/** The metrics of trainings, as their series are kept. */
export class MetricStore {
  constructor(private readonly fork: () => EntityManager) {}

  /** Keeps what was read, once: a second process that has read the same changes nothing. */
  async keep(jobId: string, { from, to, lines, isAll }: LogReading): Promise<void> {
    await this.fork().transactional(async (tx) => {
      const isFirst = (await sql(tx, READ, [jobId, from, to, progressOf(lines), isAll])).length > 0;
      if (!isFirst || lines.length === 0) return;
      const series = new Map((await sql<KeptSeries>(tx, SERIES, [jobId, null])).map((kept) => [kept.name, kept]));
      const changed = addTo(series, lines);
      for (const { name, seen, stride, points, last } of changed) await sql(tx, SAVE, [jobId, name, seen, stride, JSON.stringify(points), JSON.stringify(last)]);
    });
  }

  /** The series of a job, or the one of this name. */
  async seriesOf(em: EntityManager, jobId: string, name: string | null): Promise<MetricSeries[]> {
    const kept = await sql<KeptSeries>(em, SERIES, [jobId, name]);
    return kept.map(shownSeries);
  }
}

function addTo(series: Map<string, KeptSeries>, lines: readonly MetricLine[]): Set<KeptSeries> {
  const changed = new Set<KeptSeries>();
  const now = Date.now();
  for (const { step, values } of lines) {
    for (const [name, value] of values) {
      let kept = series.get(name);
      if (!kept) {
        if (series.size >= MOST_NAMES) continue;
        series.set(name, (kept = newSeries(name)));
      }
      addPoint(kept, [step, value, now]);
      changed.add(kept);
    }
  }
  return changed;
}

function progressOf(lines: readonly MetricLine[]): number | null {
  const last = lines.findLast(({ total }) => total !== null && total > 0);
  return last ? Math.min(1, Math.max(0, last.step / last.total!)) : null;
}
