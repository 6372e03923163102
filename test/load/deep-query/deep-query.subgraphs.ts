import { loadSubgraph, type LoadSubgraph } from '../load.subgraph.ts';
import { inventory, products, reviews, users, type Product, type Review, type User } from './deep-query.rows.ts';

const LINK = 'extend schema @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@key", "@external", "@requires", "@shareable"])\n';

// `tag` does nothing: it makes what is asked of every subgraph differ from request to request.
const USERS = `${LINK}
type Query { users: [User] }
type User @key(fields: "id") { id: ID!, username(tag: String!): String, name: String }
`;
const REVIEWS = `${LINK}
type User @key(fields: "id") { id: ID!, reviews(tag: String!): [Review] }
type Product @key(fields: "upc") { upc: String!, reviews(tag: String!): [Review] }
type Review @key(fields: "id") { id: ID!, body: String, author: User, product: Product }
`;
const PRODUCTS = `${LINK}
type Query { topProducts(tag: String!): [Product] }
type Product @key(fields: "upc") { upc: String!, name(tag: String!): String, price: Int, weight: Int }
`;
const INVENTORY = `${LINK}
type Product @key(fields: "upc") {
  upc: String!
  price: Int @external
  weight: Int @external
  inStock(tag: String!): Boolean
  shippingEstimate(tag: String!): Int @requires(fields: "price weight")
}
`;

type Reference<Row> = Pick<Row & { __typename: string }, keyof Row & ('id' | 'upc')>;

const byKey = <Row>(rows: readonly Row[], key: keyof Row) => new Map(rows.map((row) => [row[key], row]));
const [userOf, productOf] = [byKey(users, 'id'), byKey(products, 'upc')];

const author = ({ author: id }: Review) => ({ id });
const product = ({ product: upc }: Review) => ({ upc });

/** The four subgraphs of the deep query, without a database. */
export const deepSubgraphs = (): LoadSubgraph[] => [
  loadSubgraph('users', USERS, {
    Query: { users: () => users },
    User: { __resolveReference: ({ id }: Reference<User>) => userOf.get(id) },
  }),
  loadSubgraph('reviews', REVIEWS, {
    User: { reviews: ({ id }: Reference<User>) => reviews.filter((review) => review.author === id) },
    Product: { reviews: ({ upc }: Reference<Product>) => reviews.filter((review) => review.product === upc) },
    Review: { author, product, __resolveReference: ({ id }: Reference<Review>) => reviews.find((review) => review.id === id) },
  }),
  loadSubgraph('products', PRODUCTS, {
    Query: { topProducts: () => products.slice(0, 5) },
    Product: { __resolveReference: ({ upc }: Reference<Product>) => productOf.get(upc) },
  }),
  loadSubgraph('inventory', INVENTORY, {
    Product: {
      inStock: ({ upc }: Reference<Product>) => inventory.has(upc),
      shippingEstimate: ({ price, weight }: Product) => (price > 1_000 ? 0 : Math.round(price * weight * 0.5)),
    },
  }),
];
