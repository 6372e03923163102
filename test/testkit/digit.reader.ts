import { InferenceSession, Tensor } from 'onnxruntime-node';
import { expect } from 'vitest';
import { heldOutDigits, pngOf, type Digit } from '../demo/mnist.js';
import type { LearntDigits } from './digits.js';
import { Recognizer } from './inference.js';
import type { Actor } from './actor.js';
import { sampleOf } from './seed.js';

const HELD_OUT = Array.from({ length: 10_000 }, (_, index) => index);
/** A full run reads them all. */
const SAMPLE = 200;
const CLIENTS = 8;

/** A service of the model reads digits that the network has never seen, every one as the network itself does. */
export async function readDigits(actor: Actor, { modelId, onnx }: LearntDigits): Promise<void> {
  const network = await InferenceSession.create(onnx);
  const recognizer = new Recognizer(actor);
  const serviceId = await recognizer.running({ name: 'digits', modelId });
  const digits = await heldOutDigits(sampleOf('digits that a service reads', HELD_OUT, SAMPLE));
  const differing: unknown[] = [];
  const left = [...digits];
  const client = async () => {
    for (let digit = left.pop(); digit; digit = left.pop()) {
      const [served, own] = [await recognizer.answer(serviceId, await pngOf(digit)), await answerOf(network, digit)];
      if (served !== own) differing.push({ digit: digit.index, served, own });
    }
  };
  await Promise.all(Array.from({ length: CLIENTS }, client));
  expect(differing).toEqual([]);
  await recognizer.change('delete', serviceId);
}

/** What the network itself takes a digit for. */
async function answerOf(network: InferenceSession, { pixels }: Digit): Promise<string> {
  const input = new Tensor('float32', Float32Array.from(pixels, (ink) => ink / 255), [1, pixels.length]);
  const answers = await network.run({ [network.inputNames[0]!]: input });
  const scores = answers[network.outputNames[0]!]!.data as Float32Array;
  return String(scores.indexOf(Math.max(...scores)));
}
