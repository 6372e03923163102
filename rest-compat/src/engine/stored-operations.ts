import { readFileSync } from 'node:fs';
import { parse, print, separateOperations, type DocumentNode } from 'graphql';

/** The operations of one contract, each as a document of its own. */
export class StoredOperations {
  readonly #texts = new Map<string, string>();
  readonly documents: ReadonlyMap<string, DocumentNode>;

  constructor(text: string) {
    this.documents = new Map(Object.entries(separateOperations(parse(text))));
    for (const [name, document] of this.documents) this.#texts.set(name, print(document));
  }

  /** @param file `operations.graphql` beside the contract's source; it is read where it stands, the build copies nothing. */
  static fromFile(file: URL): StoredOperations {
    return new StoredOperations(readFileSync(file, 'utf8'));
  }

  /** The operation with the fragments it uses; the same text each time. */
  text(name: string): string {
    const text = this.#texts.get(name);
    if (text === undefined) throw new Error(`There is no stored operation named ${name}`);
    return text;
  }
}
