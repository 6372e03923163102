// The deep query as somebody would write it by hand who knows its sixteen fetches: undici, JSON, every entity once in a
// fetch, and no GraphQL on the way. It answers this one query, and nothing that goes wrong.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { Pool } from 'undici';
import { given, measured } from '../measured.process.ts';

interface ProductKey {
  upc: string;
}

interface UserKey {
  id: string;
}

interface Review {
  id: string;
  body: string;
}

type ProductReview = Review & { product: ProductKey };
type AuthorReview = Review & { author: UserKey & { reviews: ProductReview[] } };
type UserReview = Review & { product: ProductKey & { reviews: AuthorReview[] } };

const pools = Object.fromEntries(Object.entries(given().urls).map(([name, url]) => [name, new Pool(url, { connections: 128 })]));
const HEADERS = { 'content-type': 'application/json', accept: 'application/json' };

async function ask<Data>(subgraph: string, query: string, variables: object): Promise<Data> {
  const { body } = await pools[subgraph]!.request({ method: 'POST', path: '/graphql', headers: HEADERS, body: JSON.stringify({ query, variables }) });
  return (JSON.parse(await body.text()) as { data: Data }).data;
}

const entitiesQuery = (type: string, fields: string): string => `query ($representations: [_Any!]!, $tag: String!) { _entities(representations: $representations) { ... on ${type} { ${fields} } } }`;

const entities = async <Entity>(subgraph: string, query: string, representations: object[], tag: string): Promise<Entity[]> =>
  (await ask<{ _entities: Entity[] }>(subgraph, query, { representations, tag }))._entities;

const USERS = 'query ($tag: String!) { users { id username(tag: $tag) name } }';
const TOP_PRODUCTS = 'query ($tag: String!) { topProducts(tag: $tag) { name(tag: $tag) price upc weight } }';
const AUTHOR = 'author { id reviews(tag: $tag) { id body product { upc } } }';
const REVIEWS_OF_USERS = entitiesQuery('User', `reviews(tag: $tag) { id body product { upc reviews(tag: $tag) { id body ${AUTHOR} } } }`);
const REVIEWS_OF_PRODUCTS = entitiesQuery('Product', `reviews(tag: $tag) { id body ${AUTHOR} }`);
const USER = entitiesQuery('User', 'username(tag: $tag) name');
const PRODUCT = entitiesQuery('Product', 'name(tag: $tag) price weight');
const IN_STOCK = entitiesQuery('Product', 'inStock(tag: $tag)');
const ESTIMATE = entitiesQuery('Product', 'shippingEstimate(tag: $tag)');
const INVENTORY = entitiesQuery('Product', 'inStock(tag: $tag) shippingEstimate(tag: $tag)');

type Named = { name: string; price: number; weight: number };
type Stocked = { inStock: boolean };
type Estimated = { shippingEstimate: number };

async function productsOf(keys: Iterable<string>, tag: string): Promise<Map<string, object>> {
  const upcs = [...new Set(keys)];
  const representations = upcs.map((upc) => ({ __typename: 'Product', upc }));
  const priced = async () => {
    const named = await entities<Named>('products', PRODUCT, representations, tag);
    return { named, estimated: await entities<Estimated>('inventory', ESTIMATE, named.map(({ price, weight }, n) => ({ __typename: 'Product', price, weight, upc: upcs[n] })), tag) };
  };
  const [{ named, estimated }, stocked] = await Promise.all([priced(), entities<Stocked>('inventory', IN_STOCK, representations, tag)]);
  return new Map(upcs.map((upc, n) => [upc, { inStock: stocked[n]!.inStock, name: named[n]!.name, price: named[n]!.price, shippingEstimate: estimated[n]!.shippingEstimate, upc, weight: named[n]!.weight }]));
}

async function usersOf(keys: Iterable<string>, tag: string): Promise<Map<string, object>> {
  const ids = [...new Set(keys)];
  const users = await entities<{ username: string; name: string }>('users', USER, ids.map((id) => ({ __typename: 'User', id })), tag);
  return new Map(ids.map((id, n) => [id, { id, username: users[n]!.username, name: users[n]!.name }]));
}

/** Reviews with their authors, and with the products of those; both are asked for at once. */
async function authored(reviews: AuthorReview[], tag: string): Promise<(review: AuthorReview) => object> {
  const [authors, products] = await Promise.all([
    usersOf(reviews.map(({ author }) => author.id), tag),
    productsOf(reviews.flatMap(({ author }) => author.reviews.map(({ product }) => product.upc)), tag),
  ]);
  return ({ id, body, author }) => ({
    id,
    body,
    author: { ...authors.get(author.id), reviews: author.reviews.map((review) => ({ id: review.id, body: review.body, product: products.get(review.product.upc) })) },
  });
}

async function users(tag: string): Promise<object[]> {
  const { users: found } = await ask<{ users: { id: string }[] }>('users', USERS, { tag });
  const reviewed = await entities<{ reviews: UserReview[] }>('reviews', REVIEWS_OF_USERS, found.map(({ id }) => ({ __typename: 'User', id })), tag);
  const reviews = reviewed.flatMap((user) => user.reviews);
  const [products, shown] = await Promise.all([
    productsOf(reviews.map(({ product }) => product.upc), tag),
    authored(reviews.flatMap(({ product }) => product.reviews), tag),
  ]);
  return found.map((user, n) => ({ ...user, reviews: reviewed[n]!.reviews.map(({ id, body, product }) => ({ id, body, product: { ...products.get(product.upc), reviews: product.reviews.map(shown) } })) }));
}

async function topProducts(tag: string): Promise<object[]> {
  const { topProducts: found } = await ask<{ topProducts: (Named & ProductKey)[] }>('products', TOP_PRODUCTS, { tag });
  const inventory = entities<Stocked & Estimated>('inventory', INVENTORY, found.map(({ upc, price, weight }) => ({ __typename: 'Product', upc, price, weight })), tag);
  const reviewed = await entities<{ reviews: AuthorReview[] }>('reviews', REVIEWS_OF_PRODUCTS, found.map(({ upc }) => ({ __typename: 'Product', upc })), tag);
  const [stocked, shown] = await Promise.all([inventory, authored(reviewed.flatMap(({ reviews }) => reviews), tag)]);
  return found.map(({ name, price, upc, weight }, n) => ({ inStock: stocked[n]!.inStock, name, price, shippingEstimate: stocked[n]!.shippingEstimate, upc, weight, reviews: reviewed[n]!.reviews.map(shown) }));
}

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { variables } = JSON.parse(await text(request)) as { variables: { tag: string } };
  const [userList, productList] = await Promise.all([users(variables.tag), topProducts(variables.tag)]);
  const bytes = Buffer.from(JSON.stringify({ data: { users: userList, topProducts: productList } }));
  response.writeHead(200, { 'content-type': 'application/json; charset=utf-8', 'content-length': bytes.length }).end(bytes);
}

const server = createServer((request, response) => void answer(request, response));
server.listen(0, '127.0.0.1', () => measured(`http://127.0.0.1:${(server.address() as AddressInfo).port}/graphql`));
