import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import type { Actor } from './actor.js';

const DEMO = join(import.meta.dirname, '../demo/demo.ts');

/** How a run of the demo ended, and what it has printed. */
export interface DemoEnd {
  code: number | null;
  output: string;
  errors: string;
}

/** Runs the demo as `npm run demo` does, without a terminal. */
export async function runDemo(environment: Record<string, string>, ...given: string[]): Promise<DemoEnd> {
  const child = spawn(process.execPath, ['--import', '@oxc-node/core/register', DEMO, ...given], {
    cwd: import.meta.dirname,
    env: { PATH: process.env.PATH, HOME: process.env.HOME, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const [output, errors, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'exit') as Promise<[number | null]>]);
  return { code, output, errors };
}

/** How much a platform has of what a demo makes, as its administrator sees it. */
export async function madeByDemos(root: Actor) {
  const { datasets, trainings, models, inferenceServices, tasks, users } = await root.ask(
    '{ datasets { totalCount } trainings { totalCount } models { totalCount } inferenceServices { totalCount } tasks { nodes { state } } users { nodes { username } } }',
  );
  return {
    datasets: datasets.totalCount as number,
    trainings: trainings.totalCount as number,
    models: models.totalCount as number,
    services: inferenceServices.totalCount as number,
    tasks: tasks.nodes.map(({ state }: { state: string }) => state) as string[],
    users: users.nodes.map(({ username }: { username: string }) => username) as string[],
  };
}
