/**
 * The deep query of the public benchmark of federated gateways, with a tag that goes to every subgraph: no two requests are
 * equal at the gateway, and none of their fetches either, whatever a gateway shares.
 */
export const DEEP_QUERY = `
fragment User on User { id username(tag: $tag) name }
fragment Review on Review { id body }
fragment Product on Product { inStock(tag: $tag) name(tag: $tag) price shippingEstimate(tag: $tag) upc weight }
query DeepQuery($tag: String!) {
  users {
    ...User
    reviews(tag: $tag) {
      ...Review
      product {
        ...Product
        reviews(tag: $tag) {
          ...Review
          author {
            ...User
            reviews(tag: $tag) {
              ...Review
              product { ...Product }
            }
          }
        }
      }
    }
  }
  topProducts(tag: $tag) {
    ...Product
    reviews(tag: $tag) {
      ...Review
      author {
        ...User
        reviews(tag: $tag) {
          ...Review
          product { ...Product }
        }
      }
    }
  }
}
`;

/** What a tag begins with, and nothing else that is asked. */
export const TAG_MARK = '~';

/** Characters of a tag, its mark included. */
export const TAG_LENGTH = 9;

/** The tag of the request of this number; all are of one length. */
export const tagOf = (request: number): string => TAG_MARK + request.toString(36).padStart(TAG_LENGTH - 1, '0');

/** What was asked, the same for every tag. */
export function withoutTags(asked: string): string {
  let [kept, from] = ['', 0];
  for (let at = asked.indexOf(TAG_MARK); at !== -1; at = asked.indexOf(TAG_MARK, from)) {
    kept += asked.slice(from, at);
    from = at + TAG_LENGTH;
  }
  return kept + asked.slice(from);
}
