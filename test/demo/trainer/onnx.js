// ONNX is protocol buffers. A network of four operators needs so little of them that this program brings its own writer, and
// runs wherever Node does. The numbers of fields and types are those of onnx.proto.

const VARINT = 0;
const BYTES = 2;
const FLOAT = 1;
const ATTRIBUTE_INT = 2;
const IR_VERSION = 8;
const OPSET_VERSION = 13;

/**
 * The network as an ONNX model: `image` [N, inputs] → Gemm → Relu → Gemm → Softmax → `probabilities` [N, outputs], all float32.
 *
 * @param {import('./network.js').Network} network
 * @returns {Buffer} the file
 */
export function onnxModel({ inputs, hidden, outputs, weights1, bias1, weights2, bias2 }) {
  const graph = [
    node('Gemm', ['image', 'weights1', 'bias1'], 'sums1'),
    node('Relu', ['sums1'], 'activations'),
    node('Gemm', ['activations', 'weights2', 'bias2'], 'sums2'),
    node('Softmax', ['sums2'], 'probabilities', attribute('axis', 1)),
    text(2, 'digits'),
    tensor('weights1', [inputs, hidden], weights1),
    tensor('bias1', [hidden], bias1),
    tensor('weights2', [hidden, outputs], weights2),
    tensor('bias2', [outputs], bias2),
    value(11, 'image', ['N', inputs]),
    value(12, 'probabilities', ['N', outputs]),
  ];
  return Buffer.concat([number(1, IR_VERSION), text(2, 'hutong-demo'), message(7, graph), message(8, [number(2, OPSET_VERSION)])]);
}

const node = (operator, inputs, output, ...attributes) => message(1, [...inputs.map((name) => text(1, name)), text(2, output), text(3, output), text(4, operator), ...attributes]);
const attribute = (name, integer) => message(5, [text(1, name), number(3, integer), number(20, ATTRIBUTE_INT)]);
const tensor = (name, sizes, values) => message(5, [...sizes.map((size) => number(1, size)), number(2, FLOAT), text(8, name), bytes(9, littleEndian(values))]);

function value(field, name, sizes) {
  const dimensions = sizes.map((size) => message(1, [typeof size === 'string' ? text(2, size) : number(1, size)]));
  return message(field, [text(1, name), message(2, [message(1, [number(1, FLOAT), message(2, dimensions)])])]);
}

function littleEndian(values) {
  const written = Buffer.alloc(values.length * 4);
  values.forEach((one, at) => written.writeFloatLE(one, at * 4));
  return written;
}

const number = (field, integer) => Buffer.from([...varint((field << 3) | VARINT), ...varint(integer)]);
const bytes = (field, content) => Buffer.concat([Buffer.from([...varint((field << 3) | BYTES), ...varint(content.length)]), content]);
const text = (field, content) => bytes(field, Buffer.from(content));
const message = (field, parts) => bytes(field, Buffer.concat(parts));

function varint(integer) {
  const digits = [];
  for (let rest = integer; ; rest = Math.floor(rest / 128)) {
    if (rest < 128) return [...digits, rest];
    digits.push((rest % 128) | 128);
  }
}
