import { afterAll, beforeAll, expect, test } from 'vitest';
import { filesHouse, uploadOf, type FilesHouse } from '../testkit/files.house.js';

const MODEL = 'id name version format use engine precision params path sizeBytes fileCount sha256';
const UPLOAD = `mutation ($input: UploadModelInput!) { uploadModel(input: $input) { ${MODEL} } }`;
const REGISTER = `mutation ($input: RegisterModelInput!) { registerModel(input: $input) { ${MODEL} } }`;
/** What every ONNX file begins with: field 1 of ModelProto, the version of the format. */
const ONNX = Buffer.from([0x08, 0x08, 0x12, 0x04, 0x74, 0x65, 0x73, 0x74]);

let house: FilesHouse;

beforeAll(async () => {
  house = await filesHouse();
});

afterAll(() => house?.close());

test('a model comes with the request, and what is no model does not', async () => {
  const alice = house.actor();
  const upload = (file: string, body: Buffer, input: Record<string, unknown> = {}) => alice.ask(UPLOAD, { input: { name: file, file: uploadOf(file, body), ...input } });
  const { data } = await upload('digits.onnx', ONNX, { use: 'classify', precision: 'fp32', params: { classes: 10 } });
  expect(data.uploadModel).toMatchObject({ name: 'digits.onnx', version: '1', format: 'onnx', use: 'classify', engine: null, precision: 'fp32', params: { classes: 10 }, fileCount: 1, sizeBytes: 8 });
  const refusals = [];
  for (const [file, body] of [['digits.exe', ONNX], ['digits.onnx.txt', ONNX], ['plain.onnx', Buffer.from('plain')], ['empty.onnx', Buffer.alloc(0)], ['x.zip', ONNX], ['x.tar.gz', ONNX], ['x.tar', Buffer.from('PK\u0003\u0004 is a zip')]] as const) refusals.push((await upload(file, body)).errors[0]?.extensions.code);
  expect(refusals).toEqual(refusals.map(() => 'FILE_TYPE_REFUSED'));
  expect((await alice.ask('{ models(filter: { use: "classify" }) { totalCount nodes { name } } }')).data.models).toEqual({ totalCount: 1, nodes: [{ name: 'digits.onnx' }] });
});

test('a model is made of uploaded files or code, or of a training, and of one of them', async () => {
  const alice = house.actor();
  const { path } = await alice.uploaded('net.py', Buffer.from('net'), { purpose: 'CODE' });
  const register = async (input: Record<string, unknown>) => {
    const { data, errors } = await alice.ask(REGISTER, { input: { name: 'net', ...input } });
    return errors[0] ? `${errors[0].extensions.code} ${String(errors[0].extensions.field)}` : data.registerModel;
  };
  expect(await register({ path, trainingId: 'x' })).toBe('BAD_INPUT input.path');
  expect(await register({})).toBe('BAD_INPUT input.path');
  expect(await register({ trainingId: 'no such training' })).toBe('JOB_NOT_FOUND input.trainingId');
  expect(await register({ path, use: 'x'.repeat(10_000) })).toBe('BAD_INPUT input.use');
  expect(await register({ path, params: { x: 'x'.repeat(100_000) } })).toBe('BAD_INPUT input.params');
  expect(await register({ path, format: 'pickle' })).toMatchObject({ name: 'net', format: 'pickle', fileCount: 1 });
  expect(await register({ path })).toBe('NAME_TAKEN input.name');
});
