import { HutongError } from '@hutong/common';

/** So much of a set is counted only when it is whole: most sets are small, and need not be counted twice. */
const UNCOUNTED_BYTES = 1024 * 1024;
/** The next one where the room does not suffice for one. */
const STEPS_BYTES = [64 * 1024 * 1024, 1024 * 1024, 1];

/** Counts what arrives of a set against its owner's quota, in steps, before it goes on. */
export class FileSetRoom {
  /**
   * @param counted bytes that are counted already
   * @param count has so many bytes counted instead; undefined: nothing is limited
   */
  constructor(
    private counted: number,
    private readonly count: ((bytes: number) => Promise<void>) | undefined,
  ) {}

  /** Makes sure that there is room for so many bytes of the set together. @throws FILES_TOO_LARGE */
  async take(bytes: number): Promise<void> {
    if (!this.count || bytes <= Math.max(this.counted, UNCOUNTED_BYTES)) return;
    let refusal: unknown;
    for (const step of STEPS_BYTES) {
      const ahead = Math.ceil(bytes / step) * step;
      try {
        await this.count(ahead);
        this.counted = ahead;
        return;
      } catch (error) {
        if (!(error instanceof HutongError)) throw error;
        refusal = error;
      }
    }
    throw refusal;
  }
}
