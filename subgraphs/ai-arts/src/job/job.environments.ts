import { badInput } from '@hutong/common';
import type { z } from 'zod';

/** Environments that every site has; their interpreter is chosen by the ending of the start file. */
const BUILT_IN = ['python', 'bash', 'node'] as const;

/** What starts a file by its ending. `node` is the engine's own. */
const INTERPRETERS: Readonly<Record<string, readonly string[]>> = { '.py': ['python3'], '.sh': ['bash'], '.js': ['node'] };

const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/;

/** Reads `name=program argument…`, one an entry, as the setting has them. */
export function readEnvironments(entries: string[], context: z.RefinementCtx): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, readonly string[]>();
  for (const entry of entries) {
    const [name, program, ...more] = entry.split('=');
    const words = [program, ...more].join('=').trim().split(/\s+/);
    if (!NAME.test(name!.trim()) || words[0] === '') context.addIssue({ code: 'custom', message: 'expected entries as name=program, separated by commas' });
    else found.set(name!.trim(), words);
  }
  return found;
}

/** The environments that jobs can run in: those of every site and those of this one. */
export class JobEnvironments {
  constructor(private readonly own: ReadonlyMap<string, readonly string[]>) {}

  /** @throws BAD_INPUT for a name that is none */
  require(name: string, field: string): void {
    if (this.own.has(name) || BUILT_IN.some((builtIn) => builtIn === name)) return;
    throw badInput({ field, problem: `expected one of ${[...BUILT_IN, ...this.own.keys()].join(', ')}` });
  }

  /** What a file is started with in an environment: the site's own program for any file, else the interpreter that its ending names; undefined for another ending. */
  interpreterOf(environment: string, startFile: string): readonly string[] | undefined {
    return this.own.get(environment) ?? INTERPRETERS[startFile.slice(startFile.lastIndexOf('.'))];
  }
}
