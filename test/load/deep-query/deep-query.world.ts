import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { composeSupergraph } from '@hutong/gateway';
import { withProcess } from '../../bench/process.js';
import type { GatewayProgram } from '../measured.gateway.js';
import type { Served } from '../measured.process.js';
import { measureInTurns, type Rates } from '../measurement.js';
import { DEEP_QUERY, tagOf } from './deep-query.operation.js';
import { deepSubgraphs } from './deep-query.subgraphs.js';

export const ours: GatewayProgram = { file: 'ours.gateway.ts' };
export const apollo: GatewayProgram = { file: 'apollo.gateway.ts' };
export const handWritten: GatewayProgram = { file: 'deep-query/hand-written.gateway.ts' };

export const CALLERS = 50;
const FULL = { warmMs: 4_000, turnMs: 1_500, rounds: 7 };
const QUICK = { warmMs: 800, turnMs: 500, rounds: 3 };

/** The JSON of the request of this number, which no other request is equal to. */
export const distinctBody = (request: number): string => JSON.stringify({ query: DEEP_QUERY, variables: { tag: tagOf(request) } });

/** Uses the four subgraphs, in one process of their own, while they run. */
export async function withDeepSubgraphs<Result>(use: (served: Served) => Promise<Result>): Promise<Result> {
  const folder = await mkdtemp(join(tmpdir(), 'hutong-bench-'));
  const supergraphFile = join(folder, 'supergraph.graphql');
  try {
    await writeFile(supergraphFile, await composeSupergraph(deepSubgraphs()));
    return await withProcess('../load/deep-query/deep-query.server.ts', [], (line) => use({ supergraphFile, urls: JSON.parse(line) as Record<string, string> }));
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** Measures the deep query of 50 callers on each of these, in turns. */
export const measureDeepQuery = <Side extends string>(programs: Readonly<Record<Side, GatewayProgram>>, quick: boolean, body = distinctBody): Promise<Record<Side, Rates>> =>
  withDeepSubgraphs((served) => measureInTurns(programs, { ...served, ...(quick ? QUICK : FULL), callers: CALLERS, asking: { body } }));
