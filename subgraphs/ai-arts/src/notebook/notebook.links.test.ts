import { randomUUID } from 'node:crypto';
import { anonymous } from '@hutong/common';
import { caller } from '@hutong/common/testkit';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { filesHouse, type FilesHouse } from '../testkit/files.house.js';
import { NotebookLinks } from './notebook.links.js';

const SECRET = 'a secret of this test';
const alice = caller({ credentialId: 'of-alice' });
const id = randomUUID();

let house: FilesHouse;
let now = Date.now();
const links = new NotebookLinks(SECRET, () => now);
beforeAll(async () => {
  house = await filesHouse();
});
afterAll(() => house.close());

test('a link says whose it is, once, however many follow it at the same time', async () => {
  const text = links.make(id, alice);
  const uses = await Promise.allSettled(Array.from({ length: 20 }, () => links.use(house.em(), id, text)));
  const good = uses.filter((use) => use.status === 'fulfilled');
  expect(good.map(({ value }) => value)).toEqual([expect.objectContaining({ notebookId: id, userId: alice.userId, credentialId: 'of-alice' })]);
});

test('a link is good for two minutes, and for nothing but its notebook', async () => {
  const text = links.make(id, alice);
  await expect(links.use(house.em(), randomUUID(), text)).rejects.toThrow('ask for a new one');
  now += 119_999;
  await links.use(house.em(), id, text);
  const late = links.make(id, alice);
  now += 120_000;
  await expect(links.use(house.em(), id, late)).rejects.toThrow('has expired');
});

test.each([undefined, '', '.', 'x.y', 'a.b.c'])('%j is no link', async (text) => {
  await expect(links.use(house.em(), id, text)).rejects.toThrow('is none');
});

test('a link of another platform is none, and a caller without a credential gets none', async () => {
  await expect(links.use(house.em(), id, new NotebookLinks('another secret', () => now).make(id, alice))).rejects.toThrow('is none');
  expect(links.make(id, anonymous)).toBeUndefined();
  expect(links.make(id, caller())).toBeUndefined();
});

test('links that were used are forgotten when they would be good no longer', async () => {
  await links.use(house.em(), id, links.make(id, alice));
  await house.em().getConnection().execute(`update ai_arts.used_link set expires_at = now() - interval '1 second'`);
  await links.forgetOld(house.em());
  expect(await house.em().getConnection().execute('select * from ai_arts.used_link')).toEqual([]);
});
