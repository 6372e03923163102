import { enableCompileCache } from 'node:module';
import { fileURLToPath } from 'node:url';
import { parentPort } from 'node:worker_threads';
import { correctPlanner } from './planner.corrections.js';
import type { PlannerAnswer, PlannerRequest, PlanRequest } from './planner.messages.js';

// As that of the process: this is another Node.js as far as modules are concerned.
enableCompileCache(fileURLToPath(new URL('../../../../node_modules/.cache/hutong/', import.meta.url)));
correctPlanner();

const [{ parse }, { isTooMuch, OperationPlanner }, { settleMemory }] = await Promise.all([import('graphql'), import('./operation.planner.js'), import('../../settled-memory.js')]);

type Planner = InstanceType<typeof OperationPlanner>;

const planners = new Map<number, Planner>();

function planned({ graph, text, operationName }: PlanRequest): PlannerAnswer {
  try {
    return { kind: 'plan', plan: planners.get(graph)!.plan(parse(text), operationName) };
  } catch (failure) {
    return isTooMuch(failure) ? { kind: 'too much' } : { kind: 'failed', reason: (failure as Error).stack ?? String(failure) };
  }
}

// oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has no origin
const answer = (message: PlannerAnswer): void => parentPort!.postMessage(message);

parentPort!.on('message', (request: PlannerRequest) => {
  const { kind, graph } = request;
  if (kind === 'plan') return answer(planned(request));
  if (kind === 'forget') return void planners.delete(graph);
  planners.set(graph, new OperationPlanner(request.supergraphSdl));
  answer({ kind: 'opened', graph });
  settleMemory();
});
answer({ kind: 'up' });
