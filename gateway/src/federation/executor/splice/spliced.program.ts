import type { QueryPlan } from '@apollo/query-planner';
import type { GraphQLObjectType, SelectionSetNode } from 'graphql';
import type { ShapeParts } from '../selected.fields.js';
import { NotModelled } from './answer.model.js';
import { SplicedPlan, type PlanSchemas } from './spliced.plan.js';
import { Splicing } from './splicing.js';
import { SplicedRun, Unsplicable, type SplicedSurroundings } from './spliced.run.js';
import { compileSplicedText } from './spliced.text.js';

/**
 * Fetches what a plan needs, and puts the answer together from the bytes of the subgraphs' answers; undefined where an answer cannot be used as it came.
 *
 * @throws LIMIT_EXCEEDED when the answer would be too long
 */
export type SplicedProgram = (surroundings: SplicedSurroundings) => Promise<Buffer | undefined>;

export interface SplicedOperation {
  queryPlan: QueryPlan;
  schemas: PlanSchemas;
  parts: ShapeParts;
  selections: SelectionSetNode;
  /** Type of the operation. */
  root: GraphQLObjectType;
}

/** Undefined for an operation that asks for what only objects can tell. */
export function compileSplice({ queryPlan, schemas, parts, selections, root }: SplicedOperation): SplicedProgram | undefined {
  try {
    const plan = SplicedPlan.of(queryPlan, schemas);
    const text = compileSplicedText(parts, selections, root, plan);
    return async (surroundings) => {
      const run = new SplicedRun(surroundings);
      try {
        await run.fetch(plan.step);
        const splicing = new Splicing(run, surroundings.atMost);
        text(splicing);
        run.checkWritten();
        const answer = splicing.end();
        run.end();
        return answer;
      } catch (error) {
        if (error instanceof Unsplicable) return undefined;
        throw error;
      }
    };
  } catch (error) {
    if (error instanceof NotModelled) return undefined;
    throw error;
  }
}
