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
