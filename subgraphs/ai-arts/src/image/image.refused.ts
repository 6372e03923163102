/** A file is no image that is taken here; the message says why. */
export class ImageRefused extends Error {
  override readonly name = 'ImageRefused';
}
