import { createHash } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { buildSubgraphSchema } from '@apollo/subgraph';
import { badInput, EventQueue, LocalConnection, conflict, silentLog, tooSlow, unauthenticated, type Role, type SubgraphRequest } from '@hutong/common';
import { parse } from 'graphql';
import type { ResolvedCredential } from '../identity/identity.source.js';

const LINK = 'extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key", "@inaccessible"])\n';

const PEOPLE = `${LINK}
type Person @key(fields: "id") { id: ID!, name: String!, nickname: String, friends(first: Int): [Person!]! }
type Credential @inaccessible { credentialId: ID, userId: ID!, username: String!, roles: [String!]!, organization: String, scopes: [String!], expiresAt: String, csrfHash: String }
input PersonInput { name: String!, age: Int! }
input AddPeopleInput { people: [PersonInput!]! }
type Query {
  me: Person
  person(id: ID!): Person
  people(first: Int, after: String): PersonConnection!
  stall: String
  mood(of: Mood!): Mood
  resolveCredential(credential: String!): Credential @inaccessible
  resolveCredentialById(credentialId: ID!): Credential @inaccessible
  resolveUser(username: String!): Credential @inaccessible
}
enum Mood { HAPPY, SAD }
type PersonConnection { nodes: [Person!]!, pageInfo: Info! }
type Info { hasNextPage: Boolean! }
input NapInput { waitSeconds: Int, milliseconds: Int }
type Mutation { nap(waitSeconds: Int, milliseconds: Int, input: NapInput): String!, addPeople(input: AddPeopleInput!): Int!, rename(id: ID!, name: String!): Person!, fail(how: String!): Boolean }
type Visit { id: ID!, person: Person!, note: String, text(bytes: Int!): String }
type Subscription { personAdded: Person!, visited(after: ID): Visit!, credentialRevoked: ID! @inaccessible }
`;

const THINGS = `${LINK}
type Person @key(fields: "id") { id: ID!, things: [Thing!] }
type Thing @key(fields: "id") { id: ID!, label: String!, owner: Person!, maker: Person }
type Row { id: ID!, text(bytes: Int!): String!, computed(bytes: Int!): String!, blob(bytes: Int!): Blob, rows(count: Int!): [Row!]!, owner: Person }
scalar Blob
type Query { things(first: Int): [Thing!]!, text(bytes: Int!): String!, rows(count: Int!): [Row!]! }
`;

/** Visits that wait for one reader. */
const VISITS = 1_024;

export interface TestVisit {
  id: string;
  person: { id: string };
  note: string;
}

interface TestPerson {
  id: string;
  name: string;
}

/** Names of the people that there are; 9 is nobody, though things speak of it. */
const PEOPLE_BY_ID = new Map<string, TestPerson>(['1', '2', '3'].map((id) => [id, { id, name: `person ${id}` }]));

/** Two tiny subgraphs that name each other's entities; `people` also knows credentials. No database. */
export class TestSubgraphs {
  readonly credentials = new Map<string, ResolvedCredential>();
  /** Users who may come in without one, by name. */
  readonly users = new Map<string, ResolvedCredential>();
  /** What every request to `people` carried. */
  readonly asked: SubgraphRequest[] = [];
  readonly sdl = [
    { name: 'people', sdl: PEOPLE },
    { name: 'things', sdl: THINGS },
  ];
  lookups = 0;
  renamed = 0;
  aborted = 0;
  /** Texts of rows that were made, and rows. */
  texts = 0;
  rows = 0;
  /** Fetches of entities that `things` was asked for. */
  joins = 0;
  /** Sources of `visited` that were opened. */
  opened = 0;
  #watch = { every: Infinity, look: (): void => undefined };
  #streams = new Set<EventQueue<string>>();
  readonly #visits: TestVisit[] = [];
  readonly #visitors = new Set<EventQueue<TestVisit>>();

  /** Makes a credential that works, of a user of that name. */
  credential(username: string, more: Partial<ResolvedCredential> & { csrfToken?: string } = {}): string {
    const { csrfToken, ...rest } = more;
    const text = `credential-of-${username}-${this.credentials.size}`;
    const csrfHash = csrfToken === undefined ? null : createHash('sha256').update(csrfToken).digest('hex');
    const roles: Role[] = ['MEMBER'];
    this.credentials.set(text, { credentialId: `id-${text}`, userId: `user-${username}`, username, roles, organization: null, scopes: null, expiresAt: null, csrfHash, ...rest });
    return text;
  }

  /** Makes a user who may come in without a credential. */
  user(username: string): void {
    this.users.set(username, { credentialId: null, userId: `user-${username}`, username, roles: ['MEMBER'], organization: null, scopes: null, expiresAt: null, csrfHash: null });
  }

  /** Disables a user, and tells whoever listens. */
  disable(username: string): void {
    this.users.delete(username);
    for (const stream of this.#streams) stream.push(`user-${username}`);
  }

  /** Ends a credential, and tells whoever listens. */
  revoke(credential: string): void {
    const id = this.credentials.get(credential)!.credentialId!;
    this.credentials.delete(credential);
    for (const stream of this.#streams) stream.push(id);
  }

  /** Writes down that somebody came, and tells whoever listens. */
  visit(person: string, note = ''): TestVisit {
    const visit = { id: String(this.#visits.length + 1), person: { id: person }, note };
    this.#visits.push(visit);
    for (const visitors of this.#visitors) if (!visitors.push(visit)) visitors.fail(tooSlow({ buffered: VISITS }));
    return visit;
  }

  /** Sources of `visited` that are open at present. */
  get visitors(): number {
    return this.#visitors.size;
  }

  /** Ends the sources of `visited` as a subgraph that breaks down. */
  breakVisits(): void {
    for (const visitors of this.#visitors) visitors.fail(new Error('the secret is swordfish'));
  }

  /** Breaks the stream of revocations. */
  breakStream(): void {
    for (const stream of this.#streams) stream.fail(new Error('the stream broke'));
    this.#streams.clear();
  }

  get listeners(): number {
    return this.#streams.size;
  }

  /** Looks at something each time that so many more texts were made. */
  whenTexts(every: number, look: () => void): void {
    this.#watch = { every, look };
  }

  connections(): LocalConnection[] {
    return [this.#connection('people', PEOPLE, this.#people()), this.#connection('things', THINGS, this.#things())];
  }

  #connection(name: string, sdl: string, resolvers: object): LocalConnection {
    const schema = buildSubgraphSchema([{ typeDefs: parse(sdl), resolvers }] as unknown as Parameters<typeof buildSubgraphSchema>[0]);
    const contextFor = (request: SubgraphRequest) => {
      if (name === 'people') this.asked.push(request);
      else if ('representations' in request.variables) this.joins += 1;
      return request;
    };
    return new LocalConnection({ name, schema, contextFor, ready: async () => undefined, log: silentLog });
  }

  #people() {
    return {
      Person: {
        __resolveReference: ({ id }: TestPerson) => PEOPLE_BY_ID.get(id) ?? null,
        nickname: ({ id }: TestPerson) => {
          if (id === '2') throw conflict({ reason: 'no nickname today', field: 'nickname', extensions: { retryAfterSeconds: 7 } });
          return `nick ${id}`;
        },
        friends: (_: unknown, { first }: { first?: number }) => [...PEOPLE_BY_ID.values()].slice(0, first ?? 20),
      },
      Query: {
        me: (_: unknown, __: unknown, { caller }: SubgraphRequest) => {
          if (caller.userId === null) throw unauthenticated({});
          return { id: '1', name: caller.username };
        },
        person: (_: unknown, { id }: { id: string }) => PEOPLE_BY_ID.get(id) ?? null,
        people: (_: unknown, { first }: { first?: number }) => ({ nodes: [...PEOPLE_BY_ID.values()].slice(0, first ?? 20), pageInfo: { hasNextPage: false } }),
        mood: (_: unknown, { of }: { of: string }) => of,
        stall: async (_: unknown, __: unknown, { signal }: SubgraphRequest) => {
          signal.addEventListener('abort', () => (this.aborted += 1));
          await delay(60_000, undefined, { signal });
        },
        resolveCredential: async (_: unknown, { credential }: { credential: string }, { origin }: SubgraphRequest) => {
          if (origin !== 'peer') throw new Error('only peers may ask');
          this.lookups += 1;
          await delay(5);
          return this.credentials.get(credential) ?? null;
        },
        resolveCredentialById: (_: unknown, { credentialId }: { credentialId: string }, { origin }: SubgraphRequest) => {
          if (origin !== 'peer') throw new Error('only peers may ask');
          this.lookups += 1;
          return [...this.credentials.values()].find((known) => known.credentialId === credentialId) ?? null;
        },
        resolveUser: (_: unknown, { username }: { username: string }, { origin }: SubgraphRequest) => {
          if (origin !== 'peer') throw new Error('only peers may ask');
          this.lookups += 1;
          return this.users.get(username) ?? null;
        },
      },
      Mutation: {
        nap: async (_: unknown, { milliseconds, input }: { milliseconds?: number; input?: { milliseconds?: number } }, { signal }: SubgraphRequest) => {
          await delay(milliseconds ?? input?.milliseconds, undefined, { signal }).catch((error: unknown) => {
            this.aborted += 1;
            throw error;
          });
          return 'rested';
        },
        addPeople: (_: unknown, { input }: { input: { people: unknown[] } }) => input.people.length,
        rename: (_: unknown, { id, name }: TestPerson) => {
          this.renamed += 1;
          return { id, name };
        },
        fail: (_: unknown, { how }: { how: string }) => {
          if (how === 'expected') throw badInput({ field: 'how', problem: 'expected something else' });
          throw new Error('the secret is swordfish');
        },
      },
      Visit: {
        text: (_: unknown, { bytes }: { bytes: number }) => 'x'.repeat(bytes),
        person: ({ person }: TestVisit) => PEOPLE_BY_ID.get(person.id),
        note: ({ note }: TestVisit) => {
          if (note === 'expected') throw conflict({ reason: 'no note today' });
          if (note === 'unexpected') throw new Error('the secret is swordfish');
          return note;
        },
      },
      Subscription: {
        visited: {
          subscribe: (_: unknown, { after }: { after?: string | null }, { caller }: SubgraphRequest) => {
            if (caller.userId === null) throw unauthenticated({});
            return this.#visited(after ?? undefined);
          },
          resolve: (visit: TestVisit) => visit,
        },
        credentialRevoked: { subscribe: () => this.#revocations(), resolve: (id: string) => id },
      },
    };
  }

  #visited(after: string | undefined): AsyncIterableIterator<TestVisit> {
    if (after !== undefined && !(Number(after) <= this.#visits.length)) throw badInput({ field: 'after', problem: 'expected the id of an event' });
    this.opened += 1;
    const visitors = new EventQueue<TestVisit>(VISITS, () => this.#visitors.delete(visitors));
    this.#visitors.add(visitors);
    if (after !== undefined) for (const visit of this.#visits.slice(Number(after))) visitors.push(visit);
    return visitors;
  }

  #revocations(): AsyncIterableIterator<string> {
    const stream = new EventQueue<string>(100, () => this.#streams.delete(stream));
    this.#streams.add(stream);
    return stream;
  }

  #text(bytes: number): string {
    this.texts += 1;
    if (this.texts % this.#watch.every === 0) this.#watch.look();
    return String(this.texts).padEnd(bytes, 'x');
  }

  #rows(count: number): { id: string }[] {
    this.rows += count;
    return Array.from({ length: count }, (_, id) => ({ id: String(id) }));
  }

  #things() {
    const things = ['1', '2', '9'].map((owner, index) => ({ id: String(index), label: `thing ${index}`, owner: { id: owner }, maker: { id: owner } }));
    return {
      Person: { things: ({ id }: TestPerson) => things.filter(({ owner }) => owner.id === id) },
      Row: {
        text: (_: unknown, { bytes }: { bytes: number }) => this.#text(bytes),
        computed: async (_: unknown, { bytes }: { bytes: number }) => {
          await delay(0);
          return this.#text(bytes);
        },
        blob: (_: unknown, { bytes }: { bytes: number }) => ({ lines: [this.#text(bytes)] }),
        rows: (_: unknown, { count }: { count: number }) => this.#rows(count),
        owner: () => ({ id: '1' }),
      },
      Query: {
        rows: (_: unknown, { count }: { count: number }) => this.#rows(count),
        things: (_: unknown, { first }: { first?: number }) => things.slice(0, first ?? 20),
        text: (_: unknown, { bytes }: { bytes: number }) => 'x'.repeat(bytes),
      },
    };
  }
}
