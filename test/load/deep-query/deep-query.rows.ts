export interface User {
  id: string;
  username: string;
  name: string;
}

export interface Product {
  upc: string;
  name: string;
  price: number;
  weight: number;
}

export interface Review {
  id: string;
  body: string;
  author: string;
  product: string;
}

const NAMES = ['Ada Lovelace', 'Alan Turing', 'Barbara Liskov', 'Donald Knuth', 'Edsger Dijkstra', 'Grace Hopper'];
const GOODS = ['Table', 'Couch', 'Glass', 'Chair', 'TV', 'Lamp', 'Grill', 'Fridge', 'Sofa'];
const PRAISE =
  'It arrived in good order, was put up within the hour by one person, and has been used every day since without a fault that would be worth a word; whoever wants to sit, eat, see or keep things cold can buy it with an easy mind, and whoever does not will hear of it from a neighbour who did, over tea, until there is one in every house of the street.';

/** The rows are the same in every run; how many there are of each makes the size of the answer. */
export const users: User[] = NAMES.map((name, n) => ({ id: String(n + 1), username: name.split(' ')[1]!.toLowerCase(), name }));

export const products: Product[] = GOODS.map((name, n) => ({ upc: String(n + 1), name, price: 15 + n * 347, weight: 20 + n * 110 }));

/** Product and author of each review. */
const REVIEWS = [
  [1, 1], [1, 2], [1, 3], [1, 4], [2, 1], [2, 2], [2, 5], [2, 6], [3, 2], [3, 3], [4, 4], [4, 6], [6, 5],
] as const;

export const reviews: Review[] = REVIEWS.map(([product, author], n) => ({ id: String(n + 1), body: `${n + 1}. ${PRAISE}`, author: String(author), product: String(product) }));

/** What is in stock, by upc. */
export const inventory = new Set(products.filter((_, n) => n % 3 !== 2).map(({ upc }) => upc));
