// Trains a network to read handwritten digits, and says how it gets on by lines that Hutong understands:
//   node train.js --epochs 2 --data_path <folder of MNIST> --output_path <folder for digits.onnx and hutong.json>
// Told to end (SIGTERM), it keeps what it has learnt so far.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate as otherWork } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { readMnist } from './mnist.js';
import { Network, SCALE } from './network.js';
import { onnxModel } from './onnx.js';

const LABELS = ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9'];
const TERMINATED = 143;

const { values: options } = parseArgs({
  options: {
    data_path: { type: 'string' },
    output_path: { type: 'string' },
    epochs: { type: 'string', default: '2' },
    hidden: { type: 'string', default: '64' },
    images: { type: 'string', default: '60000' },
    rate: { type: 'string', default: '0.03' },
    reports: { type: 'string', default: '40' },
    seed: { type: 'string', default: '1' },
  },
});
const [epochs, hidden, images, reports] = ['epochs', 'hidden', 'images', 'reports'].map((name) => positive(name, Number.isInteger));
const rate = positive('rate', Number.isFinite);
for (const name of ['data_path', 'output_path']) if (options[name] === undefined) fail(`--${name} is missing`);

let isTerminated = false;
process.on('SIGTERM', () => (isTerminated = true));

const examples = read('train', images);
const heldOut = read('t10k');
const size = examples.width * examples.height;
console.log(`${examples.count} images to learn from, ${heldOut.count} held out, ${size} → ${hidden} → ${LABELS.length} units, ${epochs} epochs`);

const random = seeded(Number(options.seed));
const network = new Network(size, hidden, LABELS.length, random);
const total = epochs * examples.count;
const perReport = Math.max(1, Math.ceil(total / reports));
const imageOf = ({ pixels }, at) => pixels.subarray(at * size, (at + 1) * size);

let step = 0;
let lossSum = 0;
let lossCount = 0;
for (let epoch = 0; epoch < epochs && !isTerminated; epoch++) {
  for (const at of shuffled(examples.count)) {
    lossSum += network.learn(imageOf(examples, at), examples.labels[at], rate * (1 - step / total));
    lossCount += 1;
    step += 1;
    const isEndOfEpoch = step % examples.count === 0;
    if (step % perReport === 0 || isEndOfEpoch) {
      console.log(JSON.stringify({ step, total, loss: rounded(lossSum / lossCount), ...(isEndOfEpoch ? { accuracy: rounded(accuracy()) } : {}) }));
      lossSum = lossCount = 0;
    }
    if (step % 256 === 0) await otherWork();
    if (isTerminated) break;
  }
}

if (isTerminated) console.log(`told to end after ${step} of ${total} steps; what was learnt until then is kept`);
writeFileSync(join(options.output_path, 'digits.onnx'), onnxModel(network));
writeFileSync(join(options.output_path, 'hutong.json'), `${JSON.stringify(card(), null, 2)}\n`);
console.log(`reads ${(100 * accuracy()).toFixed(2)} % of ${heldOut.count} images that it has never seen`);
process.exitCode = isTerminated ? TERMINATED : 0;

/** What an inference service has to know of the model beside its ONNX file. */
function card() {
  return { task: 'classify', scores: 'probability', labels: LABELS, input: { width: examples.width, height: examples.height, layout: 'FLAT', color: 'grey', scale: SCALE } };
}

function accuracy() {
  let right = 0;
  for (let at = 0; at < heldOut.count; at++) if (network.classify(imageOf(heldOut, at)) === heldOut.labels[at]) right += 1;
  return right / heldOut.count;
}

/** The numbers below `count`, in an order of their own (Fisher and Yates). */
function shuffled(count) {
  const order = Uint32Array.from({ length: count }, (_, at) => at);
  for (let left = count - 1; left > 0; left--) {
    const other = Math.floor(random() * (left + 1));
    [order[left], order[other]] = [order[other], order[left]];
  }
  return order;
}

/** The same numbers from 0 to 1 for the same seed (mulberry32). */
function seeded(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

function read(part, most) {
  try {
    return readMnist(options.data_path, part, most);
  } catch (error) {
    return fail(error.message);
  }
}

function rounded(number) {
  return Number(number.toFixed(4));
}

function positive(name, isKind) {
  const number = Number(options[name]);
  if (!isKind(number) || number <= 0) fail(`--${name}: expected a number above 0, got ${options[name]}`);
  return number;
}

function fail(message) {
  console.error(message);
  process.exit(2);
}
