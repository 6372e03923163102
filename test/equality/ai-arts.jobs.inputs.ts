import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { BRIGHT, DARK, greyPng } from '../testkit/inference.js';
import { ENDLESS } from '../testkit/training.js';
import { faultyList } from './ai-arts.files.inputs.js';
import type { NewJob } from './ai-arts.jobs.twins.js';
import type { ListQuestion } from './ai-arts.reading.js';
import { anyText, unstorableText } from './texts.js';

/** Uploads that every world begins with, by their place among its paths. */
export const CODE = 0;
export const DATA = 1;
export const MODEL = 2;
export const CODE_FILES = {
  'train.sh': 'true',
  'main.py': 'pass',
  'sub/x.js': '0',
  'lines.sh': 'for i in $(seq 4500); do echo "第 $i 行"; done; while [ "$1" != --output_path ]; do shift; done; echo seven > "$2/weights.bin"; printf "the end"',
  'fails.sh': 'exit 3',
  'endless.sh': ENDLESS,
};

/** Something that is wrong: one thing at a time, as nothing says which of two is told. */
type Fault = fc.Arbitrary<NewJob>;

const oneOf = (...all: NewJob[]): Fault => fc.constantFrom(...all);

const wrongName = (key: string): Fault => fc.oneof(fc.constantFrom<unknown>('', '🚀'.repeat(256), 7, undefined, null), unstorableText).map((name) => ({ [key]: name }));

/** What is not there, or leads elsewhere. */
const wrongPath = (key: string, at: number): Fault =>
  fc.constantFrom<unknown>({ at, inside: 'none' }, '/etc/passwd', '../../etc', `code/${randomUUID()}`, 'nowhere', 'shared/digits', 'shared/../x').map((path) => ({ [key]: path }));

/** Names that searches find, and any other. */
const name = fc.oneof(fc.constantFrom('digits', '手写数字', '100 %', 'a_b'), anyText(1, 255));
const desc = fc.oneof(fc.constantFrom<unknown>(undefined, null, '', 'first digits'), anyText(0, 300));
const deviceType = fc.constantFrom<unknown>(undefined, null, '', 'cpu', 'cpu');
const deviceNum = fc.constantFrom<unknown>(undefined, null, 0, 1, 2, '1', '0');
const environment = fc.constantFrom('python', 'bash', 'node');

const SHARED_FAULTS: NewJob[] = [
  { engine: 'tensorflow-9' }, { engine: '' }, { engine: 7 }, { engine: undefined }, { engine: null },
  { deviceType: 'gpu' }, { deviceType: '💻' }, { deviceType: 7 }, { deviceType: 'x'.repeat(101) },
  { deviceNum: -1 }, { deviceNum: 1.5 }, { deviceNum: 'x' }, { deviceNum: true }, { deviceNum: 100_001 }, { deviceNum: 2 ** 31 }, { deviceNum: 50_000 },
  { desc: 7 }, { desc: 'x'.repeat(10_001) }, { desc: 'a\0b' },
];

/** Mostly good ones. */
const told = (good: fc.Arbitrary<NewJob>, ...faults: Fault[]): fc.Arbitrary<NewJob> =>
  fc.tuple(good, fc.oneof({ weight: 3, arbitrary: fc.constant({}) }, { weight: 1, arbitrary: fc.oneof(...faults) })).map(([whole, fault]) => ({ ...whole, ...fault }));

export const newNotebook = told(
  fc.record({ name, engine: environment, codePath: fc.constantFrom<unknown>(undefined, null, '', CODE, CODE, { at: CODE, inside: 'sub' }), deviceType, deviceNum, desc }),
  wrongName('name'),
  wrongPath('codePath', CODE),
  oneOf(...SHARED_FAULTS),
);

const parameterName = fc.oneof(fc.constantFrom('lr', 'layers', 'constructor', 'a.b-c'), fc.stringMatching(/^[A-Za-z][A-Za-z0-9_.-]{0,9}$/));
const params = fc.option(fc.dictionary(parameterName, fc.oneof(anyText(0, 20), fc.integer(), fc.double({ noNaN: true, noDefaultInfinity: true }), fc.boolean()), { maxKeys: 3, noNullPrototype: true }));

const one = fc.record({ jobTrainingType: fc.constantFrom<unknown>(undefined, '', 'RegularJob') });
const several = fc.record({ jobTrainingType: fc.constant('PSDistJob'), numPs: fc.constantFrom<unknown>(1, 2, '1'), numPsWorker: fc.constantFrom<unknown>(1, 3) });
const code = fc.constantFrom({ codePath: CODE, startupFile: 'train.sh' }, { codePath: CODE, startupFile: 'main.py' }, { codePath: CODE, startupFile: 'sub/x.js' }, { codePath: { at: CODE, inside: 'sub' }, startupFile: 'x.js' });

export const newTraining = told(
  fc
    .tuple(
      fc.record({ name, engine: environment, deviceType, deviceNum, desc, params, datasetPath: fc.constantFrom<unknown>(undefined, null, '', DATA, { at: DATA, inside: 'b' }), outputPath: fc.constantFrom<unknown>(undefined, null, '', 'out', 'a/b', '数据 集') }),
      code,
      fc.oneof({ weight: 4, arbitrary: one }, { weight: 1, arbitrary: several }),
    )
    .map((parts) => Object.assign({}, ...parts) as NewJob),
  wrongName('name'),
  wrongPath('codePath', CODE),
  wrongPath('datasetPath', DATA),
  oneOf(...SHARED_FAULTS),
  oneOf({ startupFile: 'nowhere.sh' }, { startupFile: '../x.sh' }, { startupFile: 'train.exe' }, { startupFile: '-x.sh' }, { startupFile: './train.sh' }, { startupFile: '/etc/x.sh' }, { startupFile: 7 }),
  oneOf({ jobTrainingType: 'Fancy' }, { jobTrainingType: 7 }, ...[{}, { numPs: 0, numPsWorker: 2 }, { numPs: 600, numPsWorker: 600 }, { numPs: 1.5, numPsWorker: 1 }].map((numbers) => ({ jobTrainingType: 'PSDistJob', numPs: undefined, numPsWorker: undefined, ...numbers }))),
  oneOf({ params: [1] }, { params: 7 }, { params: 'x' }, ...[{ 'a b': 1 }, { data_path: 'x' }, { x: null }, { x: [1] }, { x: 'a\0b' }].map((wrong) => ({ params: wrong }))),
  oneOf({ outputPath: '../x' }, { outputPath: '/abs' }, { outputPath: 'a//b' }, { outputPath: 7 }),
);

/** Of a model of the world, by its place or its path. */
export const newService = told(
  fc
    .tuple(fc.record({ jobName: name, framework: fc.constantFrom<unknown>(undefined, null, '', 'onnx'), device: deviceType, desc }), fc.constantFrom<NewJob>({ modelId: { nth: 0 } }, { model_base_path: MODEL }))
    .map((parts) => Object.assign({}, ...parts) as NewJob),
  wrongName('jobName'),
  wrongPath('model_base_path', MODEL).map((path) => ({ modelId: undefined, ...path })),
  oneOf(...[{ nth: 1 }, { nth: 2 }, 888_888, 'abc', 2_147_483_648, undefined, []].map((modelId) => ({ model_base_path: undefined, modelId }))),
  oneOf({ device: 'gpu' }, { device: '💻' }, { device: 7 }, { desc: 7 }, { desc: 'x'.repeat(10_001) }, { desc: 'a\0b' }),
);

export const description = anyText(1, 300);
export const wrongDescription = fc.constantFrom<unknown>(undefined, null, 7, 'x'.repeat(10_001), 'a\0b');

const listed = {
  pageNum: fc.constantFrom(1, 1, 2, 3, 2_147_483_647),
  pageSize: fc.constantFrom(1, 2, 3, 10, 101, 1_000),
  orderBy: fc.constantFrom('createTime', 'name', 'status'),
  order: fc.constantFrom('asc', 'desc'),
  status: fc.constantFrom('all', 'unapproved', 'killed', 'running', 'finished'),
};
const searched = fc.oneof(fc.constantFrom('digits', 'DIGITS', '数', '%', '_', '\\', ''), anyText(0, 20));
const faultyQuestion = fc.oneof(faultyList, fc.constantFrom<ListQuestion>({ status: 'asleep' }));

/** Of notebooks and trainings. */
export const jobsQuestion: fc.Arbitrary<ListQuestion> = fc.oneof({ weight: 6, arbitrary: fc.record({ ...listed, searchWord: searched }, { requiredKeys: [] }) }, { weight: 1, arbitrary: faultyQuestion });
export const servicesQuestion: fc.Arbitrary<ListQuestion> = fc.oneof({ weight: 6, arbitrary: fc.record({ ...listed, searchWord: searched, name: searched }, { requiredKeys: [] }) }, { weight: 1, arbitrary: faultyQuestion });

export const logQuestion = fc.record({ pageNum: fc.constantFrom(1, 2, 7, 2_147_483_647), cursor: fc.constant('') }, { requiredKeys: [] });
export const wrongLogQuestion = fc.constantFrom({ pageNum: 0 }, { pageNum: -1 }, { cursor: 'x' }, { cursor: '🚀' });

/** Pictures, and what is none. */
export const picture: fc.Arbitrary<Uint8Array<ArrayBuffer>> = fc.oneof(fc.tuple(fc.nat(255), fc.integer({ min: 1, max: 40 })).map(([grey, side]) => greyPng(grey, side)), fc.constantFrom(DARK, BRIGHT));
export const noPicture: fc.Arbitrary<Uint8Array<ArrayBuffer>> = fc.constantFrom(Buffer.from('<svg/>'), DARK.subarray(0, 50), Buffer.from('GIF89a'), Buffer.from('hello'));
export const imageId = fc.oneof({ weight: 4, arbitrary: fc.nat(3) }, { weight: 1, arbitrary: fc.constantFrom<number | string | undefined>(undefined, '', 'abc', randomUUID()) });
