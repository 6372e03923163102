import { createHash } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { SettingError } from '@hutong/common';
import { Kind, parse, validate, type DocumentNode } from 'graphql';
import type { FederatedGraph } from '../federation/federated-graph.js';
import type { Limits } from '../limits/limits.js';
import { readTrustedDocuments, type TrustedDocuments } from './trusted-operations.source.js';

/** The only operations that clients may run, when a platform has such a list. */
export class TrustedOperations {
  readonly #place: string;
  readonly #documents: TrustedDocuments;
  /** By its own id, and by the SHA-256 of its text. */
  readonly #texts = new Map<string, string>();

  private constructor(place: string, documents: TrustedDocuments) {
    this.#place = place;
    this.#documents = documents;
    for (const text of documents.values()) this.#texts.set(sha256(text), text);
    for (const [id, text] of documents) this.#texts.set(id, text);
  }

  /** The list in a file or a folder. @throws SettingError when there is nothing to read, or something else */
  static async read(place: string): Promise<TrustedOperations> {
    return new TrustedOperations(place, await readTrustedDocuments(place));
  }

  /** The list as it stands there now; this one where nothing has changed. @throws as {@link read} */
  async readAgain(): Promise<TrustedOperations> {
    const documents = await readTrustedDocuments(this.#place);
    return isDeepStrictEqual(documents, this.#documents) ? this : new TrustedOperations(this.#place, documents);
  }

  /** How many documents are on the list. */
  get size(): number {
    return this.#documents.size;
  }

  /** The document with this id, or whose text has this SHA-256. */
  byId(id: string): string | undefined {
    return this.#texts.get(id);
  }

  /** Whether exactly this text is on the list. */
  has(text: string): boolean {
    return this.#texts.get(sha256(text)) === text;
  }

  /**
   * Validates and plans every operation, so that the first request finds it done.
   *
   * @throws SettingError that names the first document which the graph cannot run, and why
   */
  async prepare(graph: FederatedGraph): Promise<void> {
    for (const [id, text] of this.#documents) {
      try {
        for (const operation of checkedOperations(text, graph)) await graph.plan(operation);
      } catch (error) {
        throw new SettingError(`HUTONG_TRUSTED_OPERATIONS: the operation ${JSON.stringify(id)} does not fit the graph: ${(error as Error).message.replaceAll(/\s+/g, ' ')}`);
      }
    }
  }
}

/** The limits of a platform with such a list: a document was checked by whoever put it there, as those of contracts were. */
export const limitsOfTrusted = (limits: Limits): Limits => ({
  ...limits,
  characters: Infinity,
  tokens: Infinity,
  depth: Infinity,
  aliases: Infinity,
  directives: Infinity,
  rootFields: Infinity,
  fieldComparisons: Infinity,
  cost: Infinity,
  planningMs: Infinity,
});

/** @throws Error that says what is wrong with the document */
function checkedOperations(text: string, graph: FederatedGraph): { text: string; document: DocumentNode; operationName: string | undefined }[] {
  const document = parse(text);
  const [fault] = validate(graph.schema, document);
  if (fault) throw fault;
  const names = document.definitions.flatMap((definition) => (definition.kind === Kind.OPERATION_DEFINITION ? [definition.name?.value] : []));
  if (names.length === 0) throw new Error('it has no operation');
  return names.map((operationName) => ({ text, document, operationName }));
}

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
