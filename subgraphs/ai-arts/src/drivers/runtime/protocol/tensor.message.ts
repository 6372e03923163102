import { bytesOf, ELEMENT_TYPES, elementsFrom, elementsOf, isDatatype, type Datatype, type Tensor, type TensorData } from './tensor.js';

/** With the binary tensor data extension: how many bytes of the body are JSON; the tensors' bytes follow. */
export const JSON_LENGTH_HEADER = 'inference-header-content-length';
export const JSON_TYPE = 'application/json';
export const BINARY_TYPE = 'application/octet-stream';

const MOST_DIMENSIONS = 16;
const MOST_TENSORS = 1_024;

/** A message is not of the protocol; the text names the field and what is wrong with it. */
export class MessageFault extends Error {
  override readonly name = 'MessageFault';
}

/** Headers and body of an inference request or answer. */
export interface EncodedMessage {
  headers: Record<string, string>;
  body: Buffer;
}

/** A body taken apart: what its JSON says, and the bytes behind that. */
export interface DecodedMessage {
  json: Record<string, unknown>;
  binary: Uint8Array;
}

/**
 * Writes tensors into a message, each as JSON or as binary data.
 *
 * @throws MessageFault when a tensor has no form in JSON
 */
export function encodeMessage(rest: object, field: 'inputs' | 'outputs', tensors: readonly Tensor[], isBinary: (tensor: Tensor) => boolean): EncodedMessage {
  const binary = tensors.filter(isBinary).map(bytesOf);
  const entries = tensors.map((tensor) => (isBinary(tensor) ? binaryEntry(tensor) : jsonEntry(tensor)));
  const fields = Object.entries(rest).map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`);
  const json = Buffer.from(`{${[...fields, `"${field}":[${entries.join(',')}]`].join(',')}}`);
  if (binary.length === 0) return { headers: { 'content-type': JSON_TYPE }, body: json };
  return { headers: { 'content-type': BINARY_TYPE, [JSON_LENGTH_HEADER]: String(json.byteLength) }, body: Buffer.concat([json, ...binary]) };
}

/**
 * Takes a body apart.
 *
 * @param jsonLength the value of {@link JSON_LENGTH_HEADER}; undefined: all of the body is JSON
 * @throws MessageFault
 */
export function decodeMessage(body: Uint8Array, jsonLength: string | undefined): DecodedMessage {
  const length = jsonLength === undefined ? body.byteLength : /^\d{1,15}$/.test(jsonLength) ? Number(jsonLength) : -1;
  if (length < 0) throw new MessageFault(`header ${JSON_LENGTH_HEADER}: expected a number of bytes`);
  if (length > body.byteLength) throw new MessageFault(`header ${JSON_LENGTH_HEADER}: ${length} bytes of JSON are announced, and the body has ${body.byteLength}`);
  return { json: objectOf(Buffer.from(body.buffer, body.byteOffset, length).toString()), binary: body.subarray(length) };
}

/**
 * Reads the tensors of a message. Their elements are copied, so that the body can go.
 *
 * @throws MessageFault
 */
export function decodeTensors({ json, binary }: DecodedMessage, field: 'inputs' | 'outputs'): Tensor[] {
  const list = json[field];
  if (!Array.isArray(list)) throw new MessageFault(`${field}: expected a list of tensors`);
  if (list.length > MOST_TENSORS) throw new MessageFault(`${field}: at most ${MOST_TENSORS} tensors`);
  let from = 0;
  const tensors = list.map((entry: unknown, index) => {
    const place = `${field}[${index}]`;
    const fields = record(entry, place);
    const { name, datatype } = fields;
    if (typeof name !== 'string' || name === '') throw new MessageFault(`${place}.name: expected a name`);
    if (!isDatatype(datatype)) throw new MessageFault(`${place}.datatype: expected one of ${Object.keys(ELEMENT_TYPES).join(', ')}`);
    const shape = shapeOf(fields.shape, `${place}.shape`);
    const size = binarySize(fields.parameters, place);
    if (size === undefined) return { name, datatype, shape, data: dataOf(fields.data, datatype, shape, `${place}.data`) };
    const expected = elementsOf(shape) * ELEMENT_TYPES[datatype].bytes;
    if (size !== expected) throw new MessageFault(`${place}.parameters.binary_data_size: ${datatype} [${shape.join(', ')}] takes ${expected} bytes, not ${size}`);
    if (size > binary.byteLength - from) throw new MessageFault(`${place}.parameters.binary_data_size: the body ends ${size - (binary.byteLength - from)} bytes too early`);
    from += size;
    return { name, datatype, shape, data: elementsFrom(datatype, binary.subarray(from - size, from)) };
  });
  if (from !== binary.byteLength) throw new MessageFault(`${field}: ${binary.byteLength - from} bytes of the body belong to no tensor`);
  return tensors;
}

/** JSON that has to be an object. */
export function objectOf(text: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new MessageFault('the body is not JSON');
  }
  return record(value, 'the body');
}

function record(value: unknown, place: string): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new MessageFault(`${place}: expected an object`);
  return value as Record<string, unknown>;
}

function shapeOf(value: unknown, place: string): number[] {
  if (!Array.isArray(value) || value.length > MOST_DIMENSIONS || !value.every((dimension) => Number.isSafeInteger(dimension) && dimension >= 0)) {
    throw new MessageFault(`${place}: expected a list of at most ${MOST_DIMENSIONS} sizes`);
  }
  if (!Number.isSafeInteger(elementsOf(value as number[]) * ELEMENT_TYPES.FP64.bytes)) throw new MessageFault(`${place}: too many elements`);
  return value as number[];
}

function binarySize(parameters: unknown, place: string): number | undefined {
  if (parameters === undefined) return undefined;
  const size = record(parameters, `${place}.parameters`).binary_data_size;
  if (size !== undefined && !(Number.isSafeInteger(size) && (size as number) >= 0)) throw new MessageFault(`${place}.parameters.binary_data_size: expected a number of bytes`);
  return size as number | undefined;
}

function dataOf(value: unknown, datatype: Datatype, shape: readonly number[], place: string): TensorData {
  if (datatype === 'FP16') throw new MessageFault(`${place}: FP16 has no form in JSON; send it as binary data`);
  if (!Array.isArray(value)) throw new MessageFault(`${place}: expected a list, or parameters.binary_data_size`);
  const elements = value.some(Array.isArray) ? (value.flat(MOST_DIMENSIONS) as unknown[]) : (value as unknown[]);
  const expected = elementsOf(shape);
  if (elements.length !== expected) throw new MessageFault(`${place}: shape [${shape.join(', ')}] takes ${expected} elements, not ${elements.length}`);
  const { bytes, view } = ELEMENT_TYPES[datatype];
  const data = new view(new ArrayBuffer(expected * bytes), 0, expected);
  const isExact = !datatype.startsWith('FP');
  for (const [index, element] of elements.entries()) {
    const number = datatype === 'BOOL' && typeof element === 'boolean' ? Number(element) : element;
    if (typeof number !== 'number' || (isExact && !Number.isSafeInteger(number)) || (datatype === 'BOOL' && number > 1)) throw new MessageFault(`${place}[${index}]: expected ${datatype}`);
    data[index] = data instanceof BigInt64Array || data instanceof BigUint64Array ? BigInt(number) : number;
    if (isExact && Number(data[index]) !== number) throw new MessageFault(`${place}[${index}]: beyond the range of ${datatype}`);
  }
  return data;
}

const headOf = ({ name, datatype, shape }: Tensor): string => `"name":${JSON.stringify(name)},"datatype":"${datatype}","shape":[${shape.join(',')}]`;

const binaryEntry = (tensor: Tensor): string => `{${headOf(tensor)},"parameters":{"binary_data_size":${tensor.data.byteLength}}}`;

function jsonEntry(tensor: Tensor): string {
  const { name, datatype, data } = tensor;
  if (datatype === 'FP16') throw new MessageFault(`${name}: FP16 has no form in JSON; ask for binary data`);
  // As digits, since JSON itself has no limit to them.
  const elements = data instanceof BigInt64Array || data instanceof BigUint64Array ? `[${data.join(',')}]` : JSON.stringify(Array.from<number, number | boolean>(data, (element) => (datatype === 'BOOL' ? element !== 0 : element)));
  return `{${headOf(tensor)},"data":${elements}}`;
}
