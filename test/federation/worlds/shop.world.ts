import { ToldFailure, type FederationWorld } from '../world.js';

// Single, compound, nested and several keys; @requires, @provides, @external, @shareable, @override.

interface Ref {
  id?: string;
  sku?: string;
  region?: { code: string };
  price?: number;
  weight?: number;
  dimensions?: { height: number; width: number };
  username?: string;
  email?: string;
}

const users = [
  { id: 'u1', email: 'ada@x', name: 'Ada', username: 'ada' },
  { id: 'u2', email: 'bob@x', name: 'Bob', username: 'bob' },
];
const products = [
  { id: 'p1', sku: 's1', name: 'Table', price: 100, weight: 20, region: { code: 'eu' }, dimensions: { height: 2, width: 3 } },
  { id: 'p2', sku: 's2', name: 'Couch', price: 900, weight: 60, region: { code: 'us' }, dimensions: { height: 4, width: 5 } },
  { id: 'p3', sku: 's3', name: 'Chair', price: 50, weight: 5, region: { code: 'eu' }, dimensions: null },
];
const reviews = [
  { id: 'r1', body: 'good', author: 'u1', product: 'p1' },
  { id: 'r2', body: 'bad', author: 'u2', product: 'p1' },
  { id: 'r3', body: 'fine', author: 'u1', product: 'p3' },
  { id: 'r4', body: 'lost', author: 'u9', product: 'p2' },
];
const reviewOf = (found: (typeof reviews)[number]) => ({ id: found.id, body: found.body, author: { id: found.author, username: users.find(({ id }) => id === found.author)?.username ?? null }, product: { id: found.product } });

export const shop: FederationWorld = {
  name: 'a shop',
  subgraphs: {
    users: {
      sdl: `
        type User @key(fields: "id") @key(fields: "email") { id: ID! email: String! name: String username: String @shareable }
        type Query { me: User user(id: ID!): User users: [User!]! nobody: User }
        type Mutation { rename(id: ID!, name: String!): User }`,
      resolvers: {
        User: { __resolveReference: (ref: Ref) => users.find(({ id, email }) => id === ref.id || email === ref.email) ?? null },
        Query: { me: () => users[0], user: (_: never, { id }: Ref) => users.find((user) => user.id === id) ?? null, users: () => users, nobody: () => null },
        Mutation: { rename: (_: never, { id, name }: { id: string; name: string }) => ({ ...users.find((user) => user.id === id)!, name }) },
      },
    },
    products: {
      sdl: `
        type Product @key(fields: "id") @key(fields: "sku region { code }") { id: ID! sku: String! region: Region! name: String price: Int weight: Int dimensions: Size stock: Int @shareable legacy: String }
        type Region @shareable { code: String! }
        type Size @shareable { height: Int width: Int }
        type Query { product(id: ID!): Product products(first: Int = 2): [Product!]! grid: [[Product]] broken: Product }`,
      resolvers: {
        Product: { __resolveReference: (ref: Ref) => products.find(({ id, sku, region }) => id === ref.id || (sku === ref.sku && region.code === ref.region?.code)) ?? null, stock: () => 7, legacy: () => 'of products' },
        Query: {
          product: (_: never, { id }: Ref) => products.find((product) => product.id === id) ?? null,
          products: (_: never, { first }: { first: number }) => products.slice(0, first),
          grid: () => [[products[0], null], null, [products[2]]],
          broken: () => { throw new ToldFailure('OUT_OF_STOCK'); },
        },
      },
    },
    reviews: {
      sdl: `
        type Review @key(fields: "id") { id: ID! body: String author: User @provides(fields: "username") product: Product! }
        type User @key(fields: "id") { id: ID! username: String @external reviews: [Review!] }
        type Product @key(fields: "id") { id: ID! reviews(first: Int): [Review!]! legacy: String @override(from: "products") }
        type Query { reviews: [Review!]! review(id: ID!): Review }
        type Mutation { addReview(body: String!): Review }`,
      resolvers: {
        Review: { __resolveReference: (ref: Ref) => reviewOf(reviews.find(({ id }) => id === ref.id)!) },
        User: { __resolveReference: (ref: Ref) => ref, reviews: ({ id }: Ref) => reviews.filter(({ author }) => author === id).map(reviewOf) },
        Product: { __resolveReference: (ref: Ref) => ref, reviews: ({ id }: Ref, { first }: { first?: number }) => reviews.filter(({ product }) => product === id).slice(0, first ?? 10).map(reviewOf), legacy: () => 'of reviews' },
        Query: { reviews: () => reviews.map(reviewOf), review: (_: never, { id }: Ref) => { const found = reviews.find((one) => one.id === id); return found ? reviewOf(found) : null; } },
        Mutation: { addReview: (_: never, { body }: { body: string }) => ({ id: 'r9', body, author: { id: 'u2', username: 'bob' }, product: { id: 'p1' } }) },
      },
    },
    inventory: {
      sdl: `
        type Product @key(fields: "id") @key(fields: "sku region { code }") {
          id: ID! sku: String! region: Region! @shareable price: Int @external weight: Int @external dimensions: Size @external
          inStock: Boolean shipping: Int @requires(fields: "price weight") volume: Int @requires(fields: "dimensions { height width }")
          handling: Int @requires(fields: "shippingBand") shippingBand: String @external failing: Int strict: Int!
          stock: Int @shareable
        }
        type Region @shareable { code: String! }
        type Size @shareable { height: Int @external width: Int @external }
        type Query { warehouse: [Product] }`,
      resolvers: {
        Product: {
          __resolveReference: (ref: Ref) => ({ ...ref, sku: ref.sku ?? products.find(({ id }) => id === ref.id)?.sku, region: ref.region ?? products.find(({ id }) => id === ref.id)?.region, id: ref.id ?? products.find(({ sku }) => sku === ref.sku)?.id }),
          inStock: ({ id }: Ref) => id !== 'p2',
          shipping: ({ price, weight }: Ref) => (price! > 500 ? 0 : weight! * 2),
          volume: ({ dimensions }: Ref) => (dimensions ? dimensions.height * dimensions.width : null),
          handling: ({ shippingBand }: { shippingBand?: string }) => (shippingBand === 'heavy' ? 50 : 5),
          failing: ({ id }: Ref) => { if (id === 'p1') throw new ToldFailure('NO_SCALE'); return 1; },
          strict: ({ id }: Ref) => { if (id === 'p1') throw new ToldFailure('NO_COUNT'); return 3; },
          stock: () => 7,
        },
        Query: { warehouse: () => [{ sku: 's1', region: { code: 'eu' }, id: 'p1' }, null, { sku: 's2', region: { code: 'us' }, id: 'p2' }] },
      },
    },
    bands: {
      sdl: `
        type Product @key(fields: "id") { id: ID! weight: Int @external shippingBand: String @requires(fields: "weight") }
        type User @key(fields: "email") { email: String! newsletter: Boolean }
        type Query { subscribers: [User!]! }`,
      resolvers: {
        Product: { __resolveReference: (ref: Ref) => ref, shippingBand: ({ weight }: Ref) => (weight! > 10 ? 'heavy' : 'light') },
        User: { __resolveReference: (ref: Ref) => ref, newsletter: ({ email }: Ref) => email === 'ada@x' },
        Query: { subscribers: () => [{ email: 'ada@x' }, { email: 'bob@x' }] },
      },
    },
  },
  cases: [
    { name: 'a field of one subgraph', query: '{ me { name } }', data: { me: { name: 'Ada' } } },
    { name: 'a field that is null', query: '{ nobody { name reviews { id } } }', data: { nobody: null } },
    { name: 'an entity by one key', query: '{ me { name reviews { body } } }', data: { me: { name: 'Ada', reviews: [{ body: 'good' }, { body: 'fine' }] } } },
    { name: 'there and back', query: '{ me { reviews { author { name } } } }', data: { me: { reviews: [{ author: { name: 'Ada' } }, { author: { name: 'Ada' } }] } } },
    { name: 'what is provided needs no other subgraph', query: '{ reviews { author { username } } }', data: { reviews: [{ author: { username: 'ada' } }, { author: { username: 'bob' } }, { author: { username: 'ada' } }, { author: { username: null } }] } },
    { name: 'an entity that is gone is null', query: '{ review(id: "r4") { body author { name } } }', data: { review: { body: 'lost', author: { name: null } } } },
    { name: 'the same beside others that are not', query: '{ reviews { author { id name } } }', data: { reviews: [{ author: { id: 'u1', name: 'Ada' } }, { author: { id: 'u2', name: 'Bob' } }, { author: { id: 'u1', name: 'Ada' } }, { author: { id: 'u9', name: null } }] } },
    { name: 'several subgraphs beside each other', query: '{ me { name } products { name } reviews { id } }', data: { me: { name: 'Ada' }, products: [{ name: 'Table' }, { name: 'Couch' }], reviews: [{ id: 'r1' }, { id: 'r2' }, { id: 'r3' }, { id: 'r4' }] } },
    { name: 'the order of the query, whoever answers', query: '{ reviews { id } me { reviews { id } name } }', data: { reviews: [{ id: 'r1' }, { id: 'r2' }, { id: 'r3' }, { id: 'r4' }], me: { reviews: [{ id: 'r1' }, { id: 'r3' }], name: 'Ada' } } },
    { name: '@requires of two fields', query: '{ product(id: "p1") { shipping } }', data: { product: { shipping: 40 } } },
    { name: '@requires beside the fields it requires', query: '{ product(id: "p2") { price shipping weight } }', data: { product: { price: 900, shipping: 0, weight: 60 } } },
    { name: '@requires in a list', query: '{ products(first: 3) { name shipping } }', data: { products: [{ name: 'Table', shipping: 40 }, { name: 'Couch', shipping: 0 }, { name: 'Chair', shipping: 10 }] } },
    { name: '@requires of fields of an object', query: '{ product(id: "p1") { volume } }', data: { product: { volume: 6 } } },
    { name: '@requires of an object that is null', query: '{ product(id: "p3") { volume name } }', data: { product: { volume: null, name: 'Chair' } } },
    { name: '@requires of what is required', query: '{ products(first: 3) { handling } }', data: { products: [{ handling: 50 }, { handling: 50 }, { handling: 5 }] } },
    { name: 'a chain of them beside its links', query: '{ product(id: "p3") { shippingBand handling weight } }', data: { product: { shippingBand: 'light', handling: 5, weight: 5 } } },
    { name: 'another key of an entity', query: '{ subscribers { newsletter name } }', data: { subscribers: [{ newsletter: true, name: 'Ada' }, { newsletter: false, name: 'Bob' }] } },
    { name: 'from key to key', query: '{ subscribers { email reviews { body } } }', data: { subscribers: [{ email: 'ada@x', reviews: [{ body: 'good' }, { body: 'fine' }] }, { email: 'bob@x', reviews: [{ body: 'bad' }] }] } },
    { name: 'and back by the other key', query: '{ me { newsletter } }', data: { me: { newsletter: true } } },
    { name: 'a compound key with an object in it', query: '{ warehouse { name price } }', data: { warehouse: [{ name: 'Table', price: 100 }, null, { name: 'Couch', price: 900 }] } },
    { name: 'the parts of a compound key', query: '{ warehouse { sku region { code } name } }', data: { warehouse: [{ sku: 's1', region: { code: 'eu' }, name: 'Table' }, null, { sku: 's2', region: { code: 'us' }, name: 'Couch' }] } },
    { name: 'a field of two subgraphs', query: '{ product(id: "p1") { stock } warehouse { stock } }', data: { product: { stock: 7 }, warehouse: [{ stock: 7 }, null, { stock: 7 }] } },
    { name: 'a field that another subgraph has taken over', query: '{ product(id: "p1") { legacy name } }', data: { product: { legacy: 'of reviews', name: 'Table' } } },
    { name: 'lists in lists, with nulls', query: '{ grid { name inStock } }', data: { grid: [[{ name: 'Table', inStock: true }, null], null, [{ name: 'Chair', inStock: true }]] } },
    { name: 'lists in lists, joined twice', query: '{ grid { reviews { author { name } } } }', data: { grid: [[{ reviews: [{ author: { name: 'Ada' } }, { author: { name: 'Bob' } }] }, null], null, [{ reviews: [{ author: { name: 'Ada' } }] }]] } },
    { name: 'an alias', query: '{ myself: me { called: name } }', data: { myself: { called: 'Ada' } } },
    { name: 'two aliases of one field', query: '{ me { a: name b: name reviews { id } } }', data: { me: { a: 'Ada', b: 'Ada', reviews: [{ id: 'r1' }, { id: 'r3' }] } } },
    { name: 'two aliases with other arguments, over a join', query: '{ product(id: "p1") { one: reviews(first: 1) { id } all: reviews { id } } }', data: { product: { one: [{ id: 'r1' }], all: [{ id: 'r1' }, { id: 'r2' }] } } },
    { name: 'one alias of two fields of an entity that stands at two places', query: '{ me { reviews { product { it: name } } } user(id: "u1") { reviews { product { it: weight } } } }', data: { me: { reviews: [{ product: { it: 'Table' } }, { product: { it: 'Chair' } }] }, user: { reviews: [{ product: { it: 20 } }, { product: { it: 5 } }] } } },
    { name: 'the same, at one of them sooner', query: '{ me { reviews { product { it: name } } } product(id: "p1") { reviews { author { reviews { product { it: weight } } } } } }', data: { me: { reviews: [{ product: { it: 'Table' } }, { product: { it: 'Chair' } }] }, product: { reviews: [{ author: { reviews: [{ product: { it: 20 } }, { product: { it: 5 } }] } }, { author: { reviews: [{ product: { it: 20 } }] } }] } } },
    { name: 'an alias that has the name of what is required', query: '{ product(id: "p1") { price: name shipping } }', data: { product: { price: 'Table', shipping: 40 } } },
    { name: 'an alias of __typename', query: '{ me { kind: __typename reviews { kind: __typename } } }', data: { me: { kind: 'User', reviews: [{ kind: 'Review' }, { kind: 'Review' }] } } },
    { name: 'an alias that objects inherit', query: '{ constructor: me { toString: name hasOwnProperty: reviews { valueOf: body } } }', data: { constructor: { toString: 'Ada', hasOwnProperty: [{ valueOf: 'good' }, { valueOf: 'fine' }] } } },
    { name: 'an inherited name that nobody answers', query: '{ constructor: nobody { name } }', data: { constructor: null } },
    { name: '__typename at the root', query: '{ __typename me { __typename name } }', data: { __typename: 'Query', me: { __typename: 'User', name: 'Ada' } } },
    { name: '__typename of entities of another subgraph', query: '{ reviews { __typename product { __typename name } } }', data: { reviews: [{ __typename: 'Review', product: { __typename: 'Product', name: 'Table' } }, { __typename: 'Review', product: { __typename: 'Product', name: 'Table' } }, { __typename: 'Review', product: { __typename: 'Product', name: 'Chair' } }, { __typename: 'Review', product: { __typename: 'Product', name: 'Couch' } }] } },
    { name: 'a named fragment', query: '{ me { ...Known reviews { author { ...Known } } } } fragment Known on User { name username }', data: { me: { name: 'Ada', username: 'ada', reviews: [{ author: { name: 'Ada', username: 'ada' } }, { author: { name: 'Ada', username: 'ada' } }] } } },
    { name: 'fragments in fragments', query: '{ me { ...A } } fragment A on User { ...B reviews { ...C } } fragment B on User { name } fragment C on Review { body product { ...D } } fragment D on Product { name inStock }', data: { me: { name: 'Ada', reviews: [{ body: 'good', product: { name: 'Table', inStock: true } }, { body: 'fine', product: { name: 'Chair', inStock: true } }] } } },
    { name: 'a field twice, with other sub-fields', query: '{ me { name } me { reviews { id } } me { reviews { body } } }', data: { me: { name: 'Ada', reviews: [{ id: 'r1', body: 'good' }, { id: 'r3', body: 'fine' }] } } },
    { name: 'a fragment on Query', query: '{ ...Roots } fragment Roots on Query { me { name } products(first: 1) { name } }', data: { me: { name: 'Ada' }, products: [{ name: 'Table' }] } },
    { name: 'an inline fragment without a type', query: '{ me { ... { name reviews { id } } } }', data: { me: { name: 'Ada', reviews: [{ id: 'r1' }, { id: 'r3' }] } } },
    { name: '@skip of a literal', query: '{ me { name @skip(if: true) username } }', data: { me: { username: 'ada' } } },
    { name: '@include of a literal', query: '{ me { name @include(if: false) username @include(if: true) } }', data: { me: { username: 'ada' } } },
    { name: '@skip of a variable, kept', query: 'query ($no: Boolean!) { me { name @skip(if: $no) username } }', variables: { no: false }, data: { me: { name: 'Ada', username: 'ada' } } },
    { name: '@skip of a variable, left out', query: 'query ($no: Boolean!) { me { name @skip(if: $no) username } }', variables: { no: true }, data: { me: { username: 'ada' } } },
    { name: '@include around a join, left out', query: 'query ($with: Boolean!) { me { name reviews @include(if: $with) { body } } }', variables: { with: false }, data: { me: { name: 'Ada' } } },
    { name: '@include around a join, kept', query: 'query ($with: Boolean!) { me { name reviews @include(if: $with) { body } } }', variables: { with: true }, data: { me: { name: 'Ada', reviews: [{ body: 'good' }, { body: 'fine' }] } } },
    { name: '@include by its default', query: 'query ($with: Boolean = true) { me { reviews @include(if: $with) { id } } }', data: { me: { reviews: [{ id: 'r1' }, { id: 'r3' }] } } },
    { name: '@include by null is refused before', query: 'query ($with: Boolean! = false) { me { name @include(if: $with) username } }', data: { me: { username: 'ada' } } },
    { name: '@skip and @include together', query: 'query ($a: Boolean!, $b: Boolean!) { me { name @include(if: $a) @skip(if: $b) username } }', variables: { a: true, b: true }, data: { me: { username: 'ada' } } },
    { name: '@skip and @include together, kept', query: 'query ($a: Boolean!, $b: Boolean!) { me { name @include(if: $a) @skip(if: $b) username } }', variables: { a: true, b: false }, data: { me: { name: 'Ada', username: 'ada' } } },
    { name: 'a fragment that is left out', query: 'query ($a: Boolean!) { me { username ...N @include(if: $a) } } fragment N on User { name reviews { id } }', variables: { a: false }, data: { me: { username: 'ada' } } },
    { name: 'a field that is left out once, and asked for again', query: 'query ($a: Boolean!) { me { name @include(if: $a) name } }', variables: { a: false }, data: { me: { name: 'Ada' } } },
    { name: 'a whole root field left out', query: 'query ($a: Boolean!) { me { name } products @include(if: $a) { name inStock } }', variables: { a: false }, data: { me: { name: 'Ada' } } },
    { name: 'all of it left out', query: 'query ($a: Boolean!) { me @include(if: $a) { name } }', variables: { a: false }, data: {} },
    { name: 'a required field of what is left out', query: 'query ($a: Boolean!) { product(id: "p1") { price @include(if: $a) shipping } }', variables: { a: false }, data: { product: { shipping: 40 } } },
    { name: 'a variable of another subgraph', query: 'query ($id: ID!, $first: Int) { product(id: $id) { reviews(first: $first) { id } } }', variables: { id: 'p1', first: 1 }, data: { product: { reviews: [{ id: 'r1' }] } } },
    { name: 'a variable that is not given', query: 'query ($first: Int) { product(id: "p1") { reviews(first: $first) { id } } }', data: { product: { reviews: [{ id: 'r1' }, { id: 'r2' }] } } },
    { name: 'a variable that is null', query: 'query ($first: Int) { product(id: "p1") { reviews(first: $first) { id } } }', variables: { first: null }, data: { product: { reviews: [{ id: 'r1' }, { id: 'r2' }] } } },
    { name: 'the default of a variable', query: 'query ($first: Int = 1) { product(id: "p1") { reviews(first: $first) { id } } }', data: { product: { reviews: [{ id: 'r1' }] } } },
    { name: 'the default of an argument', query: '{ products { name } }', data: { products: [{ name: 'Table' }, { name: 'Couch' }] } },
    { name: 'an empty list', query: '{ products(first: 0) { name reviews { id } } }', data: { products: [] } },
    { name: 'a list of joined entities without anything', query: '{ user(id: "u2") { reviews { product { reviews(first: 0) { id } } } } }', data: { user: { reviews: [{ product: { reviews: [] } }] } } },
    { name: 'six joins deep', query: '{ me { reviews { product { reviews { author { reviews { product { name } } } } } } } }', data: { me: { reviews: [{ product: { reviews: [{ author: { reviews: [{ product: { name: 'Table' } }, { product: { name: 'Chair' } }] } }, { author: { reviews: [{ product: { name: 'Table' } }] } }] } }, { product: { reviews: [{ author: { reviews: [{ product: { name: 'Table' } }, { product: { name: 'Chair' } }] } }] } }] } } },
    { name: 'a field that fails', query: '{ broken { name } me { name } }', data: { broken: null, me: { name: 'Ada' } }, errors: [{ path: ['broken'], code: 'OUT_OF_STOCK' }] },
    { name: 'a field of an entity that fails', query: '{ products { name failing } }', data: { products: [{ name: 'Table', failing: null }, { name: 'Couch', failing: 1 }] }, errors: [{ path: ['products', 0, 'failing'], code: 'NO_SCALE' }] },
    { name: 'the same, for an entity that stands at two places', query: '{ reviews { product { failing } } }', data: { reviews: [{ product: { failing: null } }, { product: { failing: null } }, { product: { failing: 1 } }, { product: { failing: 1 } }] }, errors: [{ path: ['reviews', 0, 'product', 'failing'], code: 'NO_SCALE' }, { path: ['reviews', 1, 'product', 'failing'], code: 'NO_SCALE' }] },
    { name: 'the same, asked about at two places, one sooner than the other', query: '{ reviews { product { failing } } product(id: "p1") { reviews { product { failing } } } }', data: { reviews: [{ product: { failing: null } }, { product: { failing: null } }, { product: { failing: 1 } }, { product: { failing: 1 } }], product: { reviews: [{ product: { failing: null } }, { product: { failing: null } }] } }, errors: [{ path: ['reviews', 0, 'product', 'failing'], code: 'NO_SCALE' }, { path: ['reviews', 1, 'product', 'failing'], code: 'NO_SCALE' }, { path: ['product', 'reviews', 0, 'product', 'failing'], code: 'NO_SCALE' }, { path: ['product', 'reviews', 1, 'product', 'failing'], code: 'NO_SCALE' }] },
    { name: 'a required field of an entity that fails', query: '{ product(id: "p1") { name strict } product2: product(id: "p2") { name strict } }', data: { product: null, product2: { name: 'Couch', strict: 3 } }, errors: [{ path: ['product', 'strict'], code: 'NO_COUNT' }] },
    { name: 'a required field in a list of required entities', query: '{ me { reviews { product { strict } } name } }', data: { me: { reviews: null, name: 'Ada' } }, errors: [{ path: ['me', 'reviews', 0, 'product', 'strict'], code: 'NO_COUNT' }] },
    { name: 'mutations one after the other', query: 'mutation { a: rename(id: "u1", name: "X") { name } b: addReview(body: "new") { body author { name } } c: rename(id: "u2", name: "Y") { name } }', data: { a: { name: 'X' }, b: { body: 'new', author: { name: 'Bob' } }, c: { name: 'Y' } } },
    { name: 'a mutation joined with other subgraphs', query: 'mutation { addReview(body: "new") { product { name shipping } } }', data: { addReview: { product: { name: 'Table', shipping: 40 } } } },
    { name: 'the type of a mutation', query: 'mutation { __typename rename(id: "u1", name: "X") { __typename } }', data: { __typename: 'Mutation', rename: { __typename: 'User' } } },
    { name: 'introspection beside data', query: '{ me { name } __type(name: "Region") { name fields { name } } }', data: { me: { name: 'Ada' }, __type: { name: 'Region', fields: [{ name: 'code' }] } } },
    { name: 'introspection with a variable', query: 'query ($name: String!) { __type(name: $name) { kind } me { reviews { id } } }', variables: { name: 'User' }, data: { __type: { kind: 'OBJECT' }, me: { reviews: [{ id: 'r1' }, { id: 'r3' }] } } },
    { name: 'introspection alone', query: '{ __schema { queryType { name } mutationType { name } } }', data: { __schema: { queryType: { name: 'Query' }, mutationType: { name: 'Mutation' } } } },
    { name: 'introspection by a fragment, with an alias', query: '{ s: __schema { ...S } } fragment S on __Schema { queryType { name } }', data: { s: { queryType: { name: 'Query' } } } },
    { name: 'a type that there is not', query: '{ __type(name: "Nothing") { name } }', data: { __type: null } },
  ],
};
