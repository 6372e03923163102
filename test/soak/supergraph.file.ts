import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

const COMMITTED = join(import.meta.dirname, '../../schema/supergraph.graphql');

/** A supergraph that is replaced while a platform serves it. */
export class SupergraphFile {
  #version = 0;

  constructor(readonly path: string) {}

  /** Puts the next version in the place of this one. */
  async replace(): Promise<void> {
    const text = await readFile(COMMITTED, 'utf8');
    this.#version += 1;
    await writeFile(`${this.path}.next`, `${text}# version ${this.#version}\n`);
    await rename(`${this.path}.next`, this.path);
  }
}
