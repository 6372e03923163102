import { fileTypeRefused } from '../errors.js';
import type { Tensor } from '../drivers/runtime/runtime.js';
import { DecoderPool } from './decoder.pool.js';
import type { DecoderAnswer, DecoderTask, ImageContent, ImageLimits } from './decoder.task.js';
import type { Size } from './image.placement.js';
import { placementOf } from './image.placement.js';
import { tensorOf } from './image.tensor.js';
import type { ModelCard } from './model.card.js';
import type { Recognition } from './recognition.js';

export interface ImageDecoderSettings extends ImageLimits {
  /** How many images are decoded at a time, each by a process of its own. */
  processes: number;
}

/** An image of a stranger. */
export interface GivenImage {
  /** What its owner calls it; only ever said back. */
  name: string;
  content: ImageContent;
}

/** What a model is asked about an image, and the image's size as it is looked at. */
export interface DecodedImage extends Size {
  tensor: Tensor;
}

/**
 * Decodes jpeg, png, webp and gif, known by their content, in processes of its own: what an image does to a decoder is done to
 * none but that image. Of several frames the first one counts; EXIF turns are made, transparency is white, and colours of any kind
 * (CMYK, palettes, 16 bits, profiles) become sRGB.
 */
export class ImageDecoder {
  readonly #pool: DecoderPool;

  constructor(private readonly settings: ImageDecoderSettings) {
    this.#pool = new DecoderPool(settings.processes);
  }

  /**
   * Makes of an image what a model takes.
   *
   * @throws FILE_TYPE_REFUSED for whatever is no whole image of these types within the limits
   */
  async decode({ name, content }: GivenImage, { input }: Pick<ModelCard, 'input'>, signal: AbortSignal): Promise<DecodedImage> {
    const { width, height, resize, color } = input;
    const { size, bytes } = await this.#run(name, { kind: 'PIXELS', content, limits: this.settings, input: { width, height, resize, color } }, signal);
    return { ...size, tensor: tensorOf(bytes, placementOf(size, input), input) };
  }

  /**
   * Draws the boxes that were found, with their labels.
   *
   * @returns a png, which is smaller than the image where that has more than 2,048 pixels on a side
   * @throws FILE_TYPE_REFUSED as `decode`
   */
  async draw({ name, content }: GivenImage, { boxes }: Pick<Recognition, 'boxes'>, signal: AbortSignal): Promise<Uint8Array> {
    return (await this.#run(name, { kind: 'DRAWING', content, limits: this.settings, boxes }, signal)).bytes;
  }

  /** Ends its processes. */
  close(): Promise<void> {
    return this.#pool.close();
  }

  async #run(name: string, task: DecoderTask, signal: AbortSignal): Promise<Exclude<DecoderAnswer, { problem: string }>> {
    const { limits: { bytes, pixels } } = task;
    const answer = await this.#pool.run({ ...task, limits: { bytes, pixels } }, signal);
    if ('problem' in answer) throw fileTypeRefused({ name, problem: answer.problem });
    return answer;
  }
}
