import 'reflect-metadata';
import { Entity, PrimaryKey, Property } from '@mikro-orm/decorators/legacy';
import { Migration } from '@mikro-orm/migrations';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Arg, Ctx, Directive, Field, FieldResolver, ID, Mutation, ObjectType, Query, Resolver, Root, Subscription } from 'type-graphql';
import { Access, badInput, batched, buildFederatedSchema, eventTableSql, inOrderOf, mayAccessOwned, UserReference, type House, type StoredEvent, type SubgraphContext, type SubgraphModule } from '../index.js';
import { caller, testSubgraph, type TestSubgraph } from '../testkit/testkit.js';

@Directive('@key(fields: "id")')
@ObjectType({ simpleResolvers: true })
@Entity({ tableName: 'note' })
class Note {
  @Field(() => ID)
  @PrimaryKey({ type: 'integer' })
  id!: number;

  @Field(() => String)
  @Property({ type: 'text' })
  text!: string;

  @Property({ type: 'text' })
  owner!: string;

  @Field(() => Date)
  @Property({ type: 'datetime', defaultRaw: 'now()' })
  createdAt!: Date;
}

@ObjectType({ simpleResolvers: true })
class NoteEvent {
  @Field(() => ID)
  id!: string;

  @Field(() => Date)
  at!: Date;

  @Field(() => String)
  text!: string;
}

class CreateNotes extends Migration {
  up() {
    this.addSql(eventTableSql('notes'));
    this.addSql(`create table notes.note (id integer generated always as identity primary key, text text not null, owner text not null, created_at timestamptz not null default now())`);
  }
}

interface Services {
  house: House;
}
type Context = SubgraphContext<Services>;

const loads: number[][] = [];
const loadNote = batched(async (ids: readonly number[], scope) => {
  loads.push([...ids]);
  const rows = await scope.em.find(Note, { id: { $in: [...ids] } });
  return inOrderOf(ids, rows.filter((row) => mayAccessOwned(scope.caller, row.owner)), (row) => row.id);
});

@Resolver(() => Note)
class NoteResolver {
  @Access('member')
  @Query(() => [Note])
  notes(@Ctx() { em, caller: { userId } }: Context) {
    return em.find(Note, { owner: userId ?? '' }, { orderBy: { id: 'asc' } });
  }

  @Access('peer')
  @Directive('@inaccessible')
  @Query(() => Boolean)
  inner(): boolean {
    return true;
  }

  @Access('member')
  @Mutation(() => Note)
  async writeNote(@Ctx() { em, caller: { userId }, services }: Context, @Arg('text', () => String) text: string): Promise<Note> {
    if (text === '') throw badInput({ field: 'text', problem: 'expected a text that is not empty' });
    if (text === 'crash') throw new Error('the secret is swordfish');
    const note = em.create(Note, { text, owner: userId! } as Note);
    await em.transactional(async (tx) => {
      await tx.persist(note).flush();
      await services.house.events.append(tx, { topic: 'note', subject: String(note.id), payload: { text } });
    });
    return note;
  }

  @Access('member')
  @Subscription(() => NoteEvent, {
    subscribe: ({ context, args }: { context: Context; args: { after?: string } }) =>
      context.services.house.events.subscribe({ topic: 'note', after: args.after ?? null }) as never,
  })
  noteWritten(@Root() event: StoredEvent<{ text: string }>, @Arg('after', () => ID, { nullable: true }) _after?: string): NoteEvent {
    return { id: event.id, at: event.at, text: event.payload.text };
  }
}

const notes: SubgraphModule<Services> = {
  graph: { name: 'notes', resolvers: [NoteResolver], references: { Note: ({ id }: { id: string }, context) => loadNote(context, Number(id)) } },
  schema: 'notes',
  entities: [Note],
  migrations: [CreateNotes],
  start: (house) => ({ services: { house } }),
};

let subgraph: TestSubgraph<Services>;
beforeAll(async () => {
  subgraph = await testSubgraph(notes);
});
afterAll(() => subgraph.stop());

const WRITE = 'mutation ($text: String!) { writeNote(text: $text) { id text createdAt } }';

test('what a user writes comes back to that user alone', async () => {
  const [alice, bob] = [caller(), caller()];
  const written = await subgraph.ask(WRITE, { as: alice, variables: { text: 'fish & 互通 😀' } });
  expect(written.errors).toEqual([]);
  expect(written.data.writeNote.createdAt).toMatch(/^\d{4}-.*Z$/);
  expect((await subgraph.ask('{ notes { text } }', { as: alice })).data.notes).toEqual([{ text: 'fish & 互通 😀' }]);
  expect((await subgraph.ask('{ notes { text } }', { as: bob })).data.notes).toEqual([]);
});

test('nobody without a credential gets in, and a token only as far as its scopes', async () => {
  expect((await subgraph.ask('{ notes { id } }')).errors[0]?.extensions.code).toBe('UNAUTHENTICATED');
  const reader = caller({ scopes: ['notes:read'] });
  expect((await subgraph.ask('{ notes { id } }', { as: reader })).errors).toEqual([]);
  expect((await subgraph.ask(WRITE, { as: reader, variables: { text: 'x' } })).errors[0]?.message).toContain('notes:write');
});

test('peer fields answer peers only', async () => {
  expect((await subgraph.ask('{ inner }', { as: caller({ roles: ['ADMIN'] }) })).errors[0]?.extensions.code).toBe('FORBIDDEN');
  expect((await subgraph.ask('{ inner }', { origin: 'peer' })).data.inner).toBe(true);
});

test('a subgraph whose field needs an entity of another subgraph is refused', async () => {
  @Resolver(() => Note)
  class AuthorResolver {
    @FieldResolver(() => [UserReference])
    authors(): UserReference[] {
      return [];
    }
  }
  const graph = { name: 'notes', resolvers: [NoteResolver, AuthorResolver] };
  await expect(buildFederatedSchema(graph)).rejects.toThrow('Note.authors is of another subgraph');
});

test('a failure that nobody expected is masked, an expected one names its field', async () => {
  const crash = await subgraph.ask(WRITE, { as: caller(), variables: { text: 'crash' } });
  expect(JSON.stringify(crash)).not.toContain('swordfish');
  expect(crash.errors[0]?.extensions.code).toBe('INTERNAL_SERVER_ERROR');
  const empty = await subgraph.ask(WRITE, { as: caller(), variables: { text: '' } });
  expect(empty.errors[0]).toMatchObject({ extensions: { code: 'BAD_INPUT', field: 'text' } });
  const wrong = await subgraph.ask(WRITE, { as: caller(), variables: { text: 7 } });
  expect(wrong.errors[0]).toMatchObject({ extensions: { code: 'BAD_INPUT', field: 'text' } });
});

test('every mutation is audited with its outcome and never with its input', async () => {
  const eve = caller();
  await subgraph.ask(WRITE, { as: eve, variables: { text: 'hush' } });
  await subgraph.ask(WRITE, { as: eve, variables: { text: '' } });
  const mine = subgraph.audited.filter(({ actorId }) => actorId === eve.userId);
  expect(mine.map(({ action, outcome }) => [action, outcome])).toEqual([['writeNote', 'ok'], ['writeNote', 'BAD_INPUT']]);
  expect(mine[0]?.subject).toMatch(/^Note:\d+$/);
  expect(JSON.stringify(mine)).not.toContain('hush');
});

test('references are loaded in one batch, and hidden from others', async () => {
  const [alice, bob] = [caller(), caller()];
  const ids = await Promise.all(['a', 'b', 'c'].map(async (text) => (await subgraph.ask(WRITE, { as: alice, variables: { text } })).data.writeNote.id as string));
  const entities = 'query ($r: [_Any!]!) { _entities(representations: $r) { ... on Note { text } } }';
  const variables = { r: ids.map((id) => ({ __typename: 'Note', id })) };
  loads.length = 0;
  expect((await subgraph.ask(entities, { as: alice, variables })).data._entities).toEqual([{ text: 'a' }, { text: 'b' }, { text: 'c' }]);
  expect(loads).toHaveLength(1);
  expect((await subgraph.ask(entities, { as: bob, variables })).data._entities).toEqual([null, null, null]);
  expect((await subgraph.ask(entities, { variables })).errors[0]?.extensions.code).toBe('UNAUTHENTICATED');
});

test('a subscriber gets every event once, also the ones it missed', async () => {
  const alice = caller();
  const write = (text: string) => subgraph.ask(WRITE, { as: alice, variables: { text } });
  const LISTEN = 'subscription ($after: ID) { noteWritten(after: $after) { id at text } }';
  const live = await subgraph.listen(LISTEN, { as: alice });
  await write('one');
  const first = (await live.next()).value.data.noteWritten;
  expect(first.text).toBe('one');
  await live.return?.();
  await Promise.all(Array.from({ length: 20 }, (_, n) => write(`missed ${n}`)));
  const again = await subgraph.listen(LISTEN, { as: alice, variables: { after: first.id } });
  await write('last');
  const seen: string[] = [];
  while (seen.at(-1) !== 'last') seen.push((await again.next()).value.data.noteWritten.text);
  await again.return?.();
  expect(seen.toSorted()).toEqual([...Array.from({ length: 20 }, (_, n) => `missed ${n}`), 'last'].toSorted());
});

test('a subscription after an event that was never written or is gone says so', async () => {
  const after = Buffer.from('1.999999').toString('base64url');
  await expect(subgraph.listen('subscription ($after: ID) { noteWritten(after: $after) { id } }', { as: caller(), variables: { after } })).rejects.toThrow('EVENT_EXPIRED');
});
