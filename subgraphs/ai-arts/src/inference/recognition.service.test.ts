import { readdir } from 'node:fs/promises';
import path from 'node:path';
import sharp from 'sharp';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { RuntimeFailure } from '../drivers/runtime/runtime.js';
import { StoreError } from '../drivers/store/store.js';
import { InferenceActor } from '../testkit/inference.actor.js';
import { codeOf, InferenceHouse } from '../testkit/inference.house.js';
import { routeServer } from '../testkit/route.server.js';
import type { ScriptedServers } from '../testkit/scripted.servers.js';
import type { TrainingHouse } from '../testkit/training.house.js';

const QUEUE = 2;
const IMAGES = { bytes: 200_000, pixels: 1_000_000, decoders: 1, perUser: 3, lifetimeMs: 60_000 };

const picture = (grey: number): Promise<Buffer> => sharp({ create: { width: 8, height: 8, channels: 3, background: { r: grey, g: grey, b: grey } } }).png().toBuffer();
const [DARK, BRIGHT] = await Promise.all([picture(0), picture(255)]);

let world: InferenceHouse;
let house: TrainingHouse;
let servers: ScriptedServers;
let alice: InferenceActor;
beforeAll(async () => {
  world = await InferenceHouse.open({ inferenceQueue: QUEUE, inferenceImages: IMAGES });
  ({ house, servers, alice } = world);
});
afterEach(() => world.tidy());
afterAll(() => world?.close());

const running = () => world.running();

describe('requests', () => {
  test('beyond the bound are refused, and none is lost', async () => {
    const id = await running();
    const gate = Promise.withResolvers<void>();
    servers.before = () => gate.promise;
    const first = [alice.recognize(id, { image: BRIGHT }), alice.recognize(id, { image: BRIGHT })];
    await expect.poll(async () => (await alice.look(id)).queue, { timeout: 30_000 }).toBe(QUEUE);
    expect(await alice.refused(id, { image: BRIGHT })).toMatch(/^SERVICE_BUSY .*INFERENCE_QUEUE/);
    gate.resolve();
    for (const { data } of await Promise.all(first)) expect(data.recognizeImage.labels[0].label).toBe('1');
    expect((await alice.look(id)).queue).toBe(0);
  });

  test('wait for a service that does not run yet only so many at a time', async () => {
    servers.isUp = false;
    const id = await alice.created({ modelId: world.modelId });
    await world.become(id, 'SCHEDULING');
    const first = alice.recognize(id, { image: BRIGHT, waitSeconds: 60 });
    await expect.poll(async () => (await alice.look(id)).queue, { timeout: 30_000 }).toBe(1);
    const others = Array.from({ length: QUEUE - 1 }, () => alice.recognize(id, { image: BRIGHT, waitSeconds: 60 }));
    await expect.poll(async () => (await alice.look(id)).queue, { timeout: 30_000 }).toBe(QUEUE);
    expect(await alice.refused(id, { image: BRIGHT, waitSeconds: 60 })).toMatch(/^SERVICE_BUSY .*INFERENCE_QUEUE/);
    servers.isUp = true;
    for (const { data } of await Promise.all([first, ...others])) expect(data.recognizeImage.labels[0].label).toBe('1');
  });

  test.each([
    ['BUSY', 'SERVICE_BUSY'],
    ['REFUSED', 'INFERENCE_FAILED'],
    ['FAILED', 'INFERENCE_FAILED'],
  ] as const)('that the worker answers with %s are %s', async (fault, code) => {
    const id = await running();
    servers.before = () => {
      throw new RuntimeFailure(fault, 'what it says');
    };
    expect(await alice.refused(id, { image: BRIGHT })).toMatch(new RegExp(`^${code} .*what it says`));
  });

  test.each([
    [{ top: 0 }, 'BAD_INPUT'],
    [{ top: 1_001 }, 'BAD_INPUT'],
    [{ minScore: 2 }, 'BAD_INPUT'],
    [{ waitSeconds: -1 }, 'BAD_INPUT'],
    [{ waitSeconds: 601 }, 'LIMIT_EXCEEDED'],
    [{ imageId: 'x' }, 'BAD_INPUT'],
  ])('with %j are refused', async (input, code) => {
    const id = await running();
    expect(await alice.refused(id, { image: BRIGHT, ...input })).toMatch(new RegExp(`^${code} `));
  });
});

describe('a picture', () => {
  test('is kept to be recognised by its id, or as the last one', async () => {
    const id = await running();
    expect(await alice.refused(id)).toMatch(/^IMAGE_NOT_FOUND no picture was uploaded/);
    const { data } = await alice.upload(id, DARK);
    expect(data.uploadImage).toMatchObject({ sizeBytes: DARK.length });
    await alice.upload(id, BRIGHT);
    expect((await alice.recognize(id)).data.recognizeImage.labels[0].label).toBe('1');
    expect((await alice.recognize(id, { imageId: data.uploadImage.id })).data.recognizeImage.labels[0].label).toBe('0');
  });

  test('is its owner’s alone', async () => {
    const id = await running();
    const { data } = await alice.upload(id, DARK);
    const root = new InferenceActor(house.actor({ roles: ['ADMIN'] }));
    expect(await root.refused(id, { imageId: data.uploadImage.id })).toMatch(/^IMAGE_NOT_FOUND/);
    expect(await alice.refused(id, { imageId: '../x' })).toMatch(/^IMAGE_NOT_FOUND/);
  });

  test('goes when its time is over, or when a user has too many', async () => {
    const id = await running();
    const ids: string[] = [];
    for (let count = 0; count <= IMAGES.perUser; count++) ids.push((await alice.upload(id, DARK)).data.uploadImage.id);
    expect(await alice.refused(id, { imageId: ids[0]! })).toMatch(/^IMAGE_NOT_FOUND/);
    expect((await alice.recognize(id, { imageId: ids[1]! })).errors).toEqual([]);
    await house.subgraph.services.inferenceActivity.sweep();
    const kept = async () => (await readdir(path.join(house.folder, 'store', 'images')).catch(() => [])).length;
    expect(await kept()).toBeLessThanOrEqual(IMAGES.perUser);
    await house.em().getConnection().execute(`update ai_arts.image set expires_at = now()`);
    await house.subgraph.services.inferenceActivity.sweep();
    expect(await kept()).toBe(0);
    expect(await house.em().getConnection().execute('select id from ai_arts.image')).toEqual([]);
  });

  test.each([
    ['nothing', Buffer.alloc(0), 'FILE_TYPE_REFUSED'],
    ['a text', Buffer.from('a text that calls itself picture.png'), 'FILE_TYPE_REFUSED'],
    ['a picture that is cut off', BRIGHT.subarray(0, BRIGHT.length - 20), 'FILE_TYPE_REFUSED'],
    ['more bytes than are taken', Buffer.concat([BRIGHT, Buffer.alloc(IMAGES.bytes)]), 'FILES_TOO_LARGE'],
  ])('that is %s is refused, and does no harm', async (_what, image, code) => {
    const id = await running();
    expect(await alice.refused(id, { image })).toMatch(new RegExp(`^${code} `));
    expect(await alice.labelOf(id, BRIGHT)).toBe('1');
  });

  test('that is none by its beginning is not even kept', async () => {
    const id = await running();
    expect(codeOf(await alice.upload(id, Buffer.from('a text')))).toBe('FILE_TYPE_REFUSED');
    expect(codeOf(await alice.upload(id, Buffer.alloc(IMAGES.bytes + 1)))).toBe('FILES_TOO_LARGE');
    expect(codeOf(await alice.recognize(id))).toBe('IMAGE_NOT_FOUND');
  });

  test('whose time was over before all of it was kept leaves nothing in the store', async () => {
    const id = await running();
    const { images } = house.subgraph.services;
    async function* slow() {
      yield DARK;
      await house.em().getConnection().execute(`update ai_arts.image set expires_at = now()`);
      await images.sweep(new AbortController().signal);
    }
    const keeping = images.keep({ ownerId: alice.actor.as.userId!, serviceId: id, kind: 'UPLOADED' }, slow(), new AbortController().signal);
    await expect(keeping).rejects.toMatchObject({ code: 'IMAGE_NOT_FOUND' });
    expect(await readdir(path.join(house.folder, 'store', 'images')).catch(() => [])).toEqual([]);
  });

  test('that the store does not let go keeps no others from being removed', async () => {
    const id = await running();
    const [stuck, other] = [(await alice.upload(id, DARK)).data.uploadImage.id, (await alice.upload(id, DARK)).data.uploadImage.id];
    const { store, images } = house.subgraph.services;
    const remove = store.delete.bind(store);
    const faulty = vi.spyOn(store, 'delete').mockImplementation((key, signal) => (key.endsWith(stuck) ? Promise.reject(new StoreError('REFUSED', 'locked')) : remove(key, signal)));
    const rows = () => house.em().getConnection().execute<{ id: string }[]>('select id from ai_arts.image where id in (?, ?)', [stuck, other]);
    await house.em().getConnection().execute(`update ai_arts.image set expires_at = now() - case when id = ? then interval '1 minute' else interval '0' end`, [stuck]);
    await expect(images.sweep(new AbortController().signal)).rejects.toThrow('locked');
    expect(await rows()).toEqual([{ id: stuck }]);
    faulty.mockRestore();
    await images.sweep(new AbortController().signal);
    expect(await rows()).toEqual([]);
  });

  test('that goes while it is asked for is not found', async () => {
    const id = await running();
    const { data } = await alice.upload(id, DARK);
    const { store } = house.subgraph.services;
    await store.delete(`images/${data.uploadImage.id}`, new AbortController().signal);
    expect(await alice.refused(id, { imageId: data.uploadImage.id })).toMatch(/^IMAGE_NOT_FOUND/);
  });

  test('is drawn when that is asked for', async () => {
    const id = await running();
    const { data } = await alice.recognize(id, { image: BRIGHT, picture: true });
    const { pictureUrl } = data.recognizeImage;
    const server = await routeServer(house.subgraph.routes);
    try {
      const answer = await fetch(server.url + pictureUrl);
      expect(Object.fromEntries(answer.headers)).toMatchObject({ 'content-type': 'image/png', 'x-content-type-options': 'nosniff', 'cache-control': 'private, no-store' });
      expect(await sharp(await answer.arrayBuffer()).metadata()).toMatchObject({ format: 'png', width: 8, height: 8 });
      for (const wrong of [pictureUrl.split('?')[0], `${pictureUrl}x`, pictureUrl.replace(/[0-9a-f-]{36}/, id)]) expect((await fetch(server.url + wrong)).status).toBe(400);
    } finally {
      await server.stop();
    }
  });
});
