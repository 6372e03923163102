import type { InputForm } from './model.input.js';
import type { Size } from './image.placement.js';
import type { RecognizedBox } from './recognition.js';

/** The bytes of an image, or the absolute path of a file with them. */
export type ImageContent = Uint8Array | string;

/** What an image may be. */
export interface ImageLimits {
  bytes: number;
  pixels: number;
}

/** The part of an image that a model sees, in grey or rgb. */
export interface PixelsTask {
  kind: 'PIXELS';
  content: ImageContent;
  limits: ImageLimits;
  input: Pick<InputForm, 'width' | 'height' | 'resize' | 'color'>;
}

/** A png of an image with boxes on it. */
export interface DrawingTask {
  kind: 'DRAWING';
  content: ImageContent;
  limits: ImageLimits;
  boxes: readonly RecognizedBox[];
}

/** What a decoder process is asked for. */
export type DecoderTask = PixelsTask | DrawingTask;

/** Pixels as `tensorOf` takes them, or a png, and the image's size; or why it is no image that is taken here. */
export type DecoderAnswer = { size: Size; bytes: Uint8Array } | { problem: string };

/** What a decoder process says first. */
export interface DecoderGreeting {
  isReady: true;
}

/** What a decoder process says to each task. */
export interface DecoderMessage {
  answer: DecoderAnswer;
  /** Whether the process holds so much memory that it is to be ended. */
  isSpent: boolean;
}
