import type { GraphQLError, ResponsePath } from 'graphql';

/** Errors of fields of one run. Below a place that an error has made null, no other is told of. */
export class FieldErrors {
  readonly list: GraphQLError[] = [];
  readonly #places = new Set<ResponsePath | undefined>();

  /** @param place undefined is the whole answer */
  add(error: GraphQLError, place: ResponsePath | undefined): void {
    if (this.#isNull(place)) return;
    this.#places.add(place);
    this.list.push(error);
  }

  #isNull(place: ResponsePath | undefined): boolean {
    if (this.#places.size === 0) return false;
    for (let above = place; above !== undefined; above = above.prev) if (this.#places.has(above)) return true;
    return this.#places.has(undefined);
  }
}
