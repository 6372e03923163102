/** Pixels are from 0 to 255, and the network wants them from 0 to 1. */
export const SCALE = 1 / 255;

/**
 * A network of one hidden layer (ReLU) with a softmax behind it, which learns from one image after the other. Its weights stand
 * as ONNX's Gemm takes them: a row for each input, a column for each output.
 */
export class Network {
  /**
   * @param {number} inputs
   * @param {number} hidden
   * @param {number} outputs
   * @param {() => number} random from 0 to 1
   */
  constructor(inputs, hidden, outputs, random) {
    Object.assign(this, { inputs, hidden, outputs });
    this.weights1 = initialWeights(inputs, hidden, random);
    this.bias1 = new Float32Array(hidden);
    this.weights2 = initialWeights(hidden, outputs, random);
    this.bias2 = new Float32Array(outputs);
    this.activations = new Float32Array(hidden);
    this.probabilities = new Float32Array(outputs);
    this.errors = new Float32Array(hidden);
  }

  /** The most probable class of an image; `probabilities` tells of all. */
  classify(pixels) {
    const { hidden, outputs, weights1, weights2, activations, probabilities } = this;
    activations.set(this.bias1);
    for (let input = 0; input < pixels.length; input++) {
      if (pixels[input] === 0) continue;
      const value = pixels[input] * SCALE;
      for (let unit = 0, at = input * hidden; unit < hidden; unit++, at++) activations[unit] += value * weights1[at];
    }
    probabilities.set(this.bias2);
    for (let unit = 0; unit < hidden; unit++) {
      if (activations[unit] <= 0) activations[unit] = 0;
      else for (let output = 0, at = unit * outputs; output < outputs; output++, at++) probabilities[output] += activations[unit] * weights2[at];
    }
    return softmax(probabilities);
  }

  /** One step down the gradient; answers the loss before it, the cross entropy. */
  learn(pixels, label, rate) {
    this.classify(pixels);
    const { hidden, outputs, weights1, weights2, bias1, bias2, activations, probabilities, errors } = this;
    const loss = -Math.log(Math.max(probabilities[label], 1e-9));
    probabilities[label] -= 1;
    for (let unit = 0; unit < hidden; unit++) {
      errors[unit] = 0;
      if (activations[unit] === 0) continue;
      for (let output = 0, at = unit * outputs; output < outputs; output++, at++) {
        errors[unit] += probabilities[output] * weights2[at];
        weights2[at] -= rate * probabilities[output] * activations[unit];
      }
    }
    for (let output = 0; output < outputs; output++) bias2[output] -= rate * probabilities[output];
    for (let unit = 0; unit < hidden; unit++) bias1[unit] -= rate * errors[unit];
    for (let input = 0; input < pixels.length; input++) {
      if (pixels[input] === 0) continue;
      const step = rate * pixels[input] * SCALE;
      for (let unit = 0, at = input * hidden; unit < hidden; unit++, at++) weights1[at] -= step * errors[unit];
    }
    return loss;
  }
}

/** Evenly spread about 0, as Glorot says. */
function initialWeights(rows, columns, random) {
  const limit = Math.sqrt(6 / (rows + columns));
  return Float32Array.from({ length: rows * columns }, () => (2 * random() - 1) * limit);
}

/** Makes probabilities of the values, in place; answers the place of the largest. */
function softmax(values) {
  let best = 0;
  for (let at = 1; at < values.length; at++) if (values[at] > values[best]) best = at;
  const largest = values[best];
  let sum = 0;
  for (let at = 0; at < values.length; at++) sum += values[at] = Math.exp(values[at] - largest);
  for (let at = 0; at < values.length; at++) values[at] /= sum;
  return best;
}
