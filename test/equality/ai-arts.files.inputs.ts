import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { brightnessOnnx } from '../testkit/inference.js';
import type { ListQuestion } from './ai-arts.reading.js';
import { MARK } from './ai-arts.world.js';
import { anyText, sometimes, unstorableText } from './texts.js';

/** A file that is made when it is sent: of bytes, or an archive of files. */
export interface FileToBe {
  name: string;
  bytes?: Uint8Array;
  archive?: Record<string, string>;
}

const bytes = fc.uint8Array({ maxLength: 3_000, size: 'max' });
/** Files that any client can send, in pieces as well. */
export const plainFile: fc.Arbitrary<FileToBe> = fc.record({ name: fc.constantFrom('x.txt', '训练 🚀.bin', 'a b.csv', 'no ending', "a'b%20c.txt"), bytes: fc.uint8Array({ minLength: 1, maxLength: 3_000, size: 'max' }) });

const content = fc.string({ maxLength: 300 });
const archive: fc.Arbitrary<FileToBe> = fc.record({
  name: fc.constantFrom('set.tar.gz', 'set.tgz'),
  archive: fc.dictionary(fc.constantFrom('a.txt', 'b/c.txt', 'b/d/e.txt', '数据.csv', 'README'), content, { minKeys: 1 }),
});

const oddFile: fc.Arbitrary<FileToBe> = fc.oneof(
  fc.record({ name: fc.constantFrom('.hidden', '..', '.', 'a/b.txt', 'C:\\x\\y.txt', `${'x'.repeat(300)}.txt`, 'x.onnx', 'model.exe', '\u202Eabc'), bytes }),
  fc.record({ name: fc.constantFrom('set.zip', 'set.tar.gz', 'set.tar'), bytes }),
  fc.record({ name: fc.constant('evil.tgz'), archive: fc.constantFrom<Record<string, string>>({ '../../evil': 'x' }, { '/etc/passwd': 'x' }, { 'a/../../b': 'x' }, { 'a.txt': 'x', '../b': 'y' }) }),
);

export const file: fc.Arbitrary<FileToBe> = fc.oneof({ weight: 3, arbitrary: plainFile }, { weight: 3, arbitrary: archive }, { weight: 2, arbitrary: oddFile });

/** A file that models are made of. */
export const modelFile: fc.Arbitrary<FileToBe> = fc.oneof(archive, fc.constant({ name: 'net.onnx', bytes: brightnessOnnx() }), oddFile, plainFile);

export const dir: fc.Arbitrary<string | undefined> = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(undefined, 'a', 'a/b', '数据 集') },
  { weight: 1, arbitrary: fc.constantFrom('../x', '/etc', 'a/../../b', 'x'.repeat(5_000), '\u202Eabc', '.', 'a//b') },
);

/** Names that the world's own lists find; some come again. */
export const ownName: fc.Arbitrary<string> = fc.oneof(fc.constantFrom(`digits ${MARK}`, `${MARK} 数字`), anyText(0, 240).map((text) => `${text}${MARK}`));

const faultyName: fc.Arbitrary<unknown> = fc.oneof(fc.constantFrom<unknown>('', '🚀'.repeat(256), 7, undefined, null), unstorableText);

/** What is made of the nth upload, of something in it, or of what is none. */
export const path: fc.Arbitrary<unknown> = fc.oneof(
  { weight: 6, arbitrary: fc.nat(5) },
  { weight: 1, arbitrary: fc.nat(5).map((at) => ({ at, inside: 'b' })) },
  { weight: 2, arbitrary: fc.constantFrom<unknown>('/etc/passwd', '../../etc', `dataset/${randomUUID()}`, 'nowhere', 'shared/digits', 'shared/../x', 'shared/none', null, 'a\0b') },
);

const faults = (...all: Record<string, unknown>[]) => fc.oneof({ weight: 4, arbitrary: fc.constant({}) }, { weight: 1, arbitrary: fc.constantFrom(...all) });

export const newDataset = fc
  .tuple(
    fc.record({ name: ownName, description: anyText(1, 300), path, isPrivate: fc.constantFrom<unknown>(true, false, 'true', 'false', undefined, null) }),
    fc.oneof({ weight: 4, arbitrary: fc.constant({}) }, { weight: 1, arbitrary: fc.oneof(faultyName.map((name) => ({ name })), faults({ description: 7 }, { description: 'x'.repeat(10_001) }, { description: 'a\0b' }, { isPrivate: 'yes' }, { isPrivate: 1 })) }),
  )
  .map(([good, fault]) => ({ ...good, ...fault }));

export const newModel = fc
  .tuple(
    fc.record(
      { name: ownName, description: anyText(0, 300), path, use: fc.constantFrom('digits', '识别', '', null), engine: anyText(0, 100), precision: fc.constantFrom('fp32', 'int8', ''), params: fc.option(fc.dictionary(anyText(0, 20), fc.oneof(anyText(0, 20), fc.integer(), fc.boolean()), { maxKeys: 3 })) },
      { requiredKeys: ['name', 'path'] },
    ),
    fc.boolean(),
    fc.oneof({ weight: 4, arbitrary: fc.constant({}) }, { weight: 1, arbitrary: fc.oneof(faultyName.map((name) => ({ name })), faults({ params: 7 }, { params: [] }, { use: 'x'.repeat(256) }, { engine: 'a\0b' }, { precision: 7 }, { jobId: randomUUID() })) }),
  )
  .map(([{ path: from, ...good }, asCode, fault]) => ({ ...good, [asCode ? 'codePath' : 'path']: from, ...fault }));

const listed = {
  pageNum: fc.constantFrom(1, 1, 2, 3, 2_147_483_647),
  pageSize: fc.constantFrom(1, 2, 3, 10, 101, 1_000),
  orderBy: fc.constantFrom('createdAt', 'updatedAt', 'name', 'size'),
  order: fc.constantFrom('asc', 'desc'),
  status: fc.constantFrom('all', 'normal'),
  name: fc.oneof(fc.constantFrom(MARK, 'digits', '数', 'DIGITS', '%', '_'), anyText(0, 20)),
};

export const faultyList: fc.Arbitrary<ListQuestion> = fc.constantFrom({ pageNum: 0 }, { pageNum: -1 }, { pageSize: 1_001 }, { orderBy: 'password' }, { order: 'up' });

export const datasetsQuestion: fc.Arbitrary<ListQuestion> = fc.oneof({ weight: 6, arbitrary: fc.record({ ...listed, isPrivate: fc.boolean() }, { requiredKeys: [] }) }, { weight: 1, arbitrary: faultyList });
export const modelsQuestion: fc.Arbitrary<ListQuestion> = fc.oneof({ weight: 6, arbitrary: fc.record({ ...listed, use: fc.constantFrom('digits', '识别', 'nothing') }, { requiredKeys: [] }) }, { weight: 1, arbitrary: faultyList });

/** The nth of the world's own, or what is not there. */
export const which: fc.Arbitrary<number | string> = fc.oneof({ weight: 6, arbitrary: fc.nat(4) }, { weight: 1, arbitrary: fc.constantFrom('0', '999999', '2147483648', 'abc', '-1', randomUUID(), 'private', 'public') });

export const isPrivate = sometimes(fc.constantFrom('true' as const, 'false' as const));
