import { uploadOf } from './files.house.js';
import type { TrainingActor } from './training.house.js';

export const SERVICE = 'id name state stateReason engine requests failed latencyMs queue restarts lastRequestAt model { id name }';
const RECOGNITION = 'task labels { label score } boxes { label score x y width height } pictureUrl';

/** Somebody who has models recognise pictures. */
export class InferenceActor {
  constructor(readonly actor: TrainingActor) {}

  /** The id of a model of these files, or of one file with nothing in it that matters. */
  async model(name: string, { fileName = 'model.onnx', bytes = Buffer.from([8, 8]), format }: { fileName?: string; bytes?: Buffer; format?: string } = {}): Promise<string> {
    const { data, errors } = await this.actor.ask('mutation ($input: UploadModelInput!) { uploadModel(input: $input) { id } }', { input: { name, format, file: uploadOf(fileName, bytes), waitSeconds: 60 } });
    if (!data) throw new Error(`no model: ${JSON.stringify(errors)}`);
    return data.uploadModel.id as string;
  }

  create(input: Record<string, unknown>) {
    return this.actor.ask(`mutation ($input: CreateInferenceServiceInput!) { createInferenceService(input: $input) { ${SERVICE} } }`, { input: { name: 'digits', ...input } });
  }

  /** The id of a service that was taken on. */
  async created(input: Record<string, unknown>): Promise<string> {
    const { data, errors } = await this.create(input);
    if (!data) throw new Error(`not taken on: ${JSON.stringify(errors)}`);
    return data.createInferenceService.id as string;
  }

  // oxlint-disable-next-line typescript/no-explicit-any -- a test reads data of any shape
  async look(id: string, fields = SERVICE): Promise<any> {
    return (await this.actor.ask(`query ($id: ID!) { inferenceService(id: $id) { ${fields} } }`, { id })).data.inferenceService;
  }

  /** Asks `<verb>InferenceService`. */
  change(verb: 'stop' | 'start' | 'delete', id: string) {
    return this.actor.ask(`mutation ($id: ID!) { ${verb}InferenceService(id: $id)${verb === 'delete' ? '' : ` { ${SERVICE} }`} }`, { id });
  }

  upload(serviceId: string, bytes: Buffer) {
    return this.actor.ask('mutation ($input: UploadImageInput!) { uploadImage(input: $input) { id sizeBytes createdAt expiresAt } }', { input: { serviceId, image: uploadOf('picture.png', bytes) } });
  }

  recognize(serviceId: string, { image, ...input }: Record<string, unknown> & { image?: Buffer } = {}) {
    const sent = { serviceId, ...input, ...(image ? { image: uploadOf('picture.png', image) } : {}) };
    return this.actor.ask(`mutation ($input: RecognizeImageInput!) { recognizeImage(input: $input) { ${RECOGNITION} } }`, { input: sent });
  }

  /** The code that a request is refused with. */
  async refused(serviceId: string, input: Record<string, unknown> & { image?: Buffer } = {}): Promise<string> {
    const { data, errors } = await this.recognize(serviceId, input);
    if (errors.length !== 1) throw new Error(`not refused: ${JSON.stringify({ data, errors })}`);
    return `${errors[0]!.extensions.code} ${errors[0]!.message}`;
  }

  /** The surest label of a picture. */
  async labelOf(serviceId: string, image: Buffer): Promise<string> {
    const { data, errors } = await this.recognize(serviceId, { image });
    if (!data) throw new Error(`not recognised: ${JSON.stringify(errors)}`);
    return data.recognizeImage.labels[0].label as string;
  }
}
