import { randomInt } from 'node:crypto';
import { graphql } from '@hutong/client';
import { DemoFailure } from './demo.failure.js';
import type { DemoRun } from './demo.run.js';
import { heldOutDigits, pngOf, type Digit } from './mnist.js';

const DIGITS = 10;
const HELD_OUT = 10_000;
const TOP = 3;
const WAIT_SECONDS = 120;

const startService = graphql('mutation StartService($input: CreateInferenceServiceInput!) { createInferenceService(input: $input) { id state stateReason } }');
const recognizeDigit = graphql('mutation Recognize($input: RecognizeImageInput!) { recognizeImage(input: $input) { labels { label score } } }');

/** A digit that the service was asked about. */
export interface ReadDigit {
  index: number;
  truth: string;
  /** What the service says it is, and how sure it is, from 0 to 1. */
  answer: string;
  score: number;
  png: Buffer;
}

/** A service serves the model, and reads digits that it has never seen. */
export async function recognizeDigits(run: DemoRun, model: { id: string; name: string }): Promise<{ serviceId: string; digits: ReadDigit[] }> {
  const { terminal, admin } = run;
  const serviceId = await terminal.step('A service is started that serves the model', async (step) => {
    const { createInferenceService: service } = await admin.mutate(startService, { input: { name: model.name, modelId: model.id, waitSeconds: WAIT_SECONDS } });
    run.made('deleteInferenceService', service.id);
    if (service.state !== 'RUNNING') throw new DemoFailure(`The service is ${service.state}: ${service.stateReason ?? `it was not RUNNING within ${WAIT_SECONDS} s`}`);
    step.result(`service ${service.id}, ${service.state}`);
    return service.id;
  });
  const digits = await terminal.step('It is shown ten digits that it has never seen', async (step) => {
    const read: ReadDigit[] = [];
    for (const digit of await heldOutDigits(someIndices())) {
      read.push(await recognize(run, serviceId, digit));
      step.progress(read.length / DIGITS);
    }
    step.result(`${read.filter(({ answer, truth }) => answer === truth).length} of ${DIGITS} are right`);
    return read;
  });
  return { serviceId, digits };
}

async function recognize({ admin }: DemoRun, serviceId: string, digit: Digit): Promise<ReadDigit> {
  const png = await pngOf(digit);
  const image = new File([png], `digit-${digit.index}.png`, { type: 'image/png' });
  const { recognizeImage } = await admin.mutate(recognizeDigit, { input: { serviceId, top: TOP, image } });
  const [best] = recognizeImage.labels;
  if (!best) throw new DemoFailure(`The service finds nothing at all in digit #${digit.index}.`);
  return { index: digit.index, truth: String(digit.truth), answer: best.label, score: best.score, png };
}

/** Other ones in every run. */
function someIndices(): number[] {
  const indices = new Set<number>();
  while (indices.size < DIGITS) indices.add(randomInt(HELD_OUT));
  return [...indices];
}
