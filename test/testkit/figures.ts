import type { TestContext } from 'vitest';

declare module 'vitest' {
  interface TaskMeta {
    /** What a test has measured or counted, by what it is called in the scorecard. */
    figures?: Record<string, number | string>;
  }
}

/** Tells the scorecard what a test has measured or counted: `figures(task, { requests: 10_000 })`. Numbers that several tests of a part tell by one name are added. */
export function figures(task: TestContext['task'], told: Record<string, number | string>): void {
  task.meta.figures = { ...task.meta.figures, ...told };
}
