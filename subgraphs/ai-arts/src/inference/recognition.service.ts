import type { RequestScope, UploadedFile } from '@hutong/common';
import { RuntimeFailure } from '../drivers/runtime/runtime.js';
import type { AiArtsSettings } from '../environment.js';
import type { ImageDecoder } from '../image/image.decoder.js';
import { ImageRefused } from '../image/image.refused.js';
import { checkType } from '../image/image.type.js';
import { recognitionOf } from '../image/recognition.js';
import { fileTypeRefused } from '../errors.js';
import { bodyOf } from '../files/file-set.draft.js';
import { requireJob } from '../job/job.reference.js';
import type { KeptImage } from './image.entity.js';
import type { ImageKeeper } from './image.keeper.js';
import { ImageSource } from './image.source.js';
import { InferenceService } from './inference.entity.js';
import { readRecognition, type RecognitionRequest } from './inference.request.js';
import type { RecognizeImageInput, Recognition, UploadImageInput } from './inference.types.js';
import type { ServedRun } from './model.servers.js';
import type { PictureLinks } from './picture.links.js';
import type { RequestCounters } from './request.counters.js';
import { told } from './runtime.failure.js';
import type { ServedModels } from './served.models.js';
import type { ServiceGate } from './service.gate.js';

interface RecognitionParts {
  gate: ServiceGate;
  models: ServedModels;
  images: ImageKeeper;
  decoder: ImageDecoder;
  links: PictureLinks;
  counters: RequestCounters;
  /** Where pictures are put aside. */
  aside: string;
  settings: Pick<AiArtsSettings, 'inferenceImages'>;
}

const USUAL_TOP = { classify: 5, detect: 100 };

/** What services see in pictures; see `recognizeImage` and `uploadImage`. */
export class RecognitionService {
  constructor(private readonly parts: RecognitionParts) {}

  async upload(scope: RequestScope, { serviceId, image }: UploadImageInput): Promise<KeptImage> {
    const { id } = await requireJob(InferenceService, scope, serviceId, 'input.serviceId');
    await using source = await this.#arriving(await image, scope.signal);
    await this.#requireType(source);
    return this.parts.images.keep({ ownerId: scope.caller.userId ?? '', serviceId: id, kind: 'UPLOADED' }, source, scope.signal);
  }

  async recognize(scope: RequestScope, input: RecognizeImageInput): Promise<Recognition> {
    const { gate, counters } = this.parts;
    const request = readRecognition(input);
    const service = await gate.require(scope, input.serviceId, request.waitMs);
    using _place = counters.enter(service.id);
    await using source = await this.#sourceOf(scope, service, input);
    const begun = performance.now();
    let latencyMs: number | null = null;
    try {
      const recognition = await this.#recognize(scope, service, source, request);
      latencyMs = performance.now() - begun;
      return recognition;
    } finally {
      counters.count(service.id, latencyMs);
    }
  }

  async #recognize({ caller, signal }: RequestScope, service: ServedRun, source: ImageSource, { top, minScore, isDrawn }: RecognitionRequest): Promise<Recognition> {
    const { models, images, decoder, links } = this.parts;
    const model = await models.of(service);
    const { runtime, card } = model;
    const { tensor, ...size } = await decoder.decode({ name: source.name, content: source.content }, card, signal);
    const outputs = await runtime.infer([tensor], signal).catch((error: unknown) => {
      // It may listen elsewhere when it comes back.
      if (error instanceof RuntimeFailure && error.fault === 'GONE') models.lost(service.id, model);
      return told(error);
    });
    const found = recognitionOf(outputs, card, { top: top ?? USUAL_TOP[card.task], ...(minScore === null ? {} : { minScore }) }, size);
    if (!isDrawn) return { ...found, pictureUrl: null };
    const png = await decoder.draw({ name: source.name, content: source.content }, found, signal);
    const drawn = await images.keep({ ownerId: caller.userId ?? '', serviceId: service.id, kind: 'DRAWN' }, bodyOf(png), signal);
    return { ...found, pictureUrl: links.linkTo(drawn.id) };
  }

  /** What is no picture by its beginning is not even kept. @throws FILE_TYPE_REFUSED */
  async #requireType({ name, content }: ImageSource): Promise<void> {
    try {
      await checkType(content, this.parts.settings.inferenceImages.bytes);
    } catch (error) {
      throw error instanceof ImageRefused ? fileTypeRefused({ name, problem: error.message, field: 'input.image', cause: error }) : error;
    }
  }

  async #sourceOf(scope: RequestScope, service: ServedRun, { image, imageId }: RecognizeImageInput): Promise<ImageSource> {
    if (image != null) return this.#arriving(await image, scope.signal);
    const { images } = this.parts;
    const kept = await images.find(scope.caller, service.id, imageId ?? null);
    return this.#collect(kept.id, await images.read(kept, scope.signal), scope.signal);
  }

  #arriving(file: UploadedFile, signal: AbortSignal): Promise<ImageSource> {
    return this.#collect(file.filename ?? 'the picture', file.createReadStream(), signal);
  }

  #collect(name: string, body: AsyncIterable<Uint8Array>, signal: AbortSignal): Promise<ImageSource> {
    const { aside: folder, settings } = this.parts;
    return ImageSource.collect(name, body, { folder, mostBytes: settings.inferenceImages.bytes, signal });
  }
}
