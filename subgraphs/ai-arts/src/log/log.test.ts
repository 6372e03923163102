import { describe, expect, test, afterAll, beforeAll } from 'vitest';
import { trainingHouse, type TrainingActor, type TrainingHouse } from '../testkit/training.house.js';

let house: TrainingHouse;
beforeAll(async () => {
  house = await trainingHouse();
});
afterAll(() => house?.close());

async function running(): Promise<{ alice: TrainingActor; id: string; write: (text: string | Uint8Array) => void }> {
  const alice = house.actor();
  const id = await alice.created();
  await alice.until(id, 'RUNNING');
  return { alice, id, write: (text) => house.engine.write(id, text) };
}

const log = async (alice: TrainingActor, id: string, args = ''): Promise<{ text: string; cursor: string; complete: boolean }> =>
  (await alice.look(id, `log${args === '' ? '' : `(${args})`} { text cursor complete }`)).log;
const page = async (alice: TrainingActor, id: string, pageNum: number) => (await alice.look(id, `logPage(pageNum: ${pageNum}) { text cursor pageNum pageCount }`)).logPage;
const lines = (from: number, to: number): string => Array.from({ length: to - from }, (_, n) => `line ${from + n}\n`).join('');

describe('a log is read', () => {
  test('from the beginning, on by its cursor, and from its end', async () => {
    const { alice, id, write } = await running();
    expect(await log(alice, id)).toMatchObject({ text: '', complete: false });
    write(lines(0, 10));
    const first = await log(alice, id, 'first: 3');
    expect(first).toMatchObject({ text: lines(0, 3), complete: false });
    expect(await log(alice, id, `after: "${first.cursor}"`)).toMatchObject({ text: lines(3, 10) });
    expect((await log(alice, id, 'last: 2')).text).toBe(lines(8, 10));
    expect((await log(alice, id, 'last: 100')).text).toBe(lines(0, 10));
    const { cursor } = await log(alice, id, 'last: 0');
    write('not whole yet');
    expect((await log(alice, id, 'last: 1')).text).toBe('not whole yet');
    house.engine.end(id);
    await alice.until(id, 'FINISHED');
    expect(await log(alice, id, `after: "${cursor}"`)).toMatchObject({ text: 'not whole yet', complete: true });
  });

  test('a character that has come in part is not torn, and bytes that are no text are shown', async () => {
    const { alice, id, write } = await running();
    const bytes = Buffer.from('训练 🎉');
    let text = '';
    for (let after: string | undefined, at = 0; at < bytes.length; at++) {
      write(bytes.subarray(at, at + 1));
      const next = await log(alice, id, after === undefined ? '' : `after: "${after}"`);
      text += next.text;
      after = next.cursor;
    }
    expect(text).toBe('训练 🎉');
    write(new Uint8Array([0xff, 0xfe, 0x0a, 0xe8]));
    house.engine.end(id);
    await alice.until(id, 'FINISHED');
    expect((await log(alice, id)).text).toBe('训练 🎉\ufffd\ufffd\n\ufffd');
  });

  test('in pieces of 1 MiB that together are all of it', async () => {
    const { alice, id, write } = await running();
    const all = lines(0, 300_000);
    write(all);
    house.engine.end(id);
    await alice.until(id, 'FINISHED');
    let text = '';
    for (let after = ''; ; ) {
      const next = await log(alice, id, after);
      expect(next.text.length).toBeLessThanOrEqual(2 ** 20);
      text += next.text;
      after = `after: "${next.cursor}"`;
      if (next.complete) break;
    }
    expect(text).toBe(all);
    expect((await log(alice, id, 'last: 10000')).text).toBe(lines(290_000, 300_000));
  });

  test('by pages of 2,000 lines, behind the end the last', { tags: ['ai-arts/3.3/pages'] }, async () => {
    const { alice, id, write } = await running();
    expect(await page(alice, id, 1)).toMatchObject({ text: '', pageNum: 0, pageCount: 0 });
    write(lines(0, 2_000));
    expect(await page(alice, id, 1)).toMatchObject({ text: lines(0, 2_000), pageNum: 1, pageCount: 1 });
    write(lines(2_000, 5_000));
    expect(await page(alice, id, 2)).toMatchObject({ text: lines(2_000, 4_000), pageNum: 2, pageCount: 3 });
    expect(await page(alice, id, 1_000_000)).toMatchObject({ text: lines(4_000, 5_000), pageNum: 3, pageCount: 3 });
    write(lines(5_000, 5_100));
    expect(await page(alice, id, 3)).toMatchObject({ text: lines(4_000, 5_100) });
    write(`${'x'.repeat(3 * 2 ** 20)}\n`);
    const long = await page(alice, id, 99);
    expect(long.pageCount).toBe(6);
    const pages = await Promise.all(Array.from({ length: long.pageCount }, async (_, n) => (await page(alice, id, n + 1)).text));
    expect(pages.join('')).toBe(`${lines(0, 5_100)}${'x'.repeat(3 * 2 ** 20)}\n`);
    expect((await alice.ask('query ($id: ID!) { training(id: $id) { logPage(pageNum: 0) { text } } }', { id })).errors[0]!.extensions).toMatchObject({ code: 'BAD_INPUT', field: 'pageNum' });
  });

  test.each(['first: -1', 'last: 10001', 'first: 1, last: 1', 'after: "nonsense"', 'after: "WyJ4Il0"', 'after: "Wy0xXQ"', 'task: 1', 'task: -1'])('with %s it is refused', async (args) => {
    const { alice, id } = await running();
    expect((await alice.ask(`query ($id: ID!) { training(id: $id) { log(${args}) { text } } }`, { id })).errors[0]!.extensions.code).toBe('BAD_INPUT');
  });
});

describe('a log is followed', () => {
  const FOLLOW = 'subscription ($id: ID!, $after: String) { trainingLog(id: $id, after: $after) { text cursor complete } }';

  async function collect(pages: AsyncIterableIterator<{ data: { trainingLog: { text: string; cursor: string; complete: boolean } } }>): Promise<{ text: string; last: { complete: boolean } | undefined }> {
    let text = '';
    let last;
    for await (const { data } of pages) {
      text += data.trainingLog.text;
      last = data.trainingLog;
    }
    return { text, last };
  }

  test('from now on to its end by some, from a cursor by others, and read once for all of them', async () => {
    const { alice, id, write } = await running();
    write('before\n');
    const { cursor } = await log(alice, id, 'first: 0');
    let reads = 0;
    house.engine.before = (step) => void (step === 'log' && reads++);
    const fromNow = await Promise.all(Array.from({ length: 50 }, () => alice.listen(FOLLOW, { id })));
    const fromStart = await alice.listen(FOLLOW, { id, after: cursor });
    reads = 0;
    const all = [...fromNow, fromStart].map((pages) => collect(pages as never));
    for (let line = 0; line < 5; line++) {
      write(`训练 ${line}\n`);
      await new Promise((resolve) => setTimeout(resolve, 150));
    }
    expect(reads).toBeLessThan(100);
    house.engine.before = () => undefined;
    house.engine.end(id);
    const seen = await Promise.all(all);
    const text = Array.from({ length: 5 }, (_, line) => `训练 ${line}\n`).join('');
    expect(new Set(seen.slice(0, -1).map((one) => one.text))).toEqual(new Set([text]));
    expect(seen.at(-1)!.text).toBe(`before\n${text}`);
    expect(seen.every(({ last }) => last?.complete)).toBe(true);
  });

  test('from before its job is handed to the engine', async () => {
    const begin = Promise.withResolvers<void>();
    house.engine.before = (step) => (step === 'submit' ? begin.promise : undefined);
    const alice = house.actor();
    const id = await alice.created();
    const pages = collect((await alice.listen(FOLLOW, { id })) as never);
    // Long enough for the log to be looked for in vain.
    await new Promise((resolve) => setTimeout(resolve, 300));
    begin.resolve();
    house.engine.before = () => undefined;
    await alice.until(id, 'RUNNING');
    house.engine.write(id, 'the first line\n');
    house.engine.end(id);
    expect(await pages).toEqual({ text: 'the first line\n', last: expect.objectContaining({ complete: true }) });
  });

  test('of a job that has ended it is told whole, and that it is complete', async () => {
    const { alice, id, write } = await running();
    write(lines(0, 100_000));
    house.engine.end(id);
    await alice.until(id, 'FINISHED');
    const { cursor } = await log(alice, id, 'first: 0');
    const { text, last } = await collect((await alice.listen(FOLLOW, { id, after: cursor })) as never);
    expect(text).toBe(lines(0, 100_000));
    expect(last).toMatchObject({ complete: true });
  });

  test('through a failure of the engine, and by nobody any more when all have left', async () => {
    const { alice, id, write } = await running();
    const pages = await alice.listen(FOLLOW, { id });
    let failures = 2;
    let reads = 0;
    house.engine.before = (step) => {
      if (step === 'log' && (reads++, failures-- > 0)) throw new Error('the disk is away');
    };
    write('after all\n');
    expect((await pages.next()).value.data.trainingLog.text).toBe('after all\n');
    await pages.return!();
    await expect.poll(async () => {
      const before = reads;
      await new Promise((resolve) => setTimeout(resolve, 300));
      return reads - before;
    }).toBe(0);
    house.engine.before = () => undefined;
  });
});

describe('progress and metrics', () => {
  const metrics = async (alice: TrainingActor, id: string) => (await alice.look(id, 'progress metrics { name points { step value } }'));

  test('are read from lines of the log that are objects with a step, once, whole lines only', async () => {
    const { alice, id, write } = await running();
    write('epoch 1\n{"step": 1, "total": 4, "loss": 0.9, "accuracy": 0.1, "note": "x"}\nnoise {"step": 9, "loss": 1}\n{"loss": 3}\n{broken\n{"step": 2, "to');
    await expect.poll(async () => (await metrics(alice, id)).progress).toBe(0.25);
    write('tal": 4, "loss": 0.5}\r\n');
    await expect.poll(async () => (await metrics(alice, id)).progress).toBe(0.5);
    write('{"step":4,"total":4,"loss":0.25}\n');
    house.engine.end(id);
    await expect.poll(async () => (await metrics(alice, id)).progress).toBe(1);
    expect((await metrics(alice, id)).metrics).toEqual([
      { name: 'accuracy', points: [{ step: 1, value: 0.1 }] },
      { name: 'loss', points: [{ step: 1, value: 0.9 }, { step: 2, value: 0.5 }, { step: 4, value: 0.25 }] },
    ]);
    expect((await alice.look(id, 'metrics(name: "loss") { name }')).metrics).toEqual([{ name: 'loss' }]);
  });

  test('of a long series are kept evenly, with its last value', async () => {
    const { alice, id, write } = await running();
    write(Array.from({ length: 9_999 }, (_, step) => `{"step":${step},"loss":${step * 2}}\n`).join(''));
    house.engine.end(id);
    await expect.poll(async () => (await metrics(alice, id)).metrics.length).toBe(1);
    const [{ points }] = (await metrics(alice, id)).metrics;
    expect(points.length).toBeGreaterThan(1_000);
    expect(points.length).toBeLessThan(2_100);
    expect(points[0]).toEqual({ step: 0, value: 0 });
    expect(points.at(-1)).toEqual({ step: 9_998, value: 19_996 });
    expect(new Set(points.slice(1, -1).map(({ step }: { step: number }, place: number) => step - points[place].step)).size).toBe(1);
  });
});
