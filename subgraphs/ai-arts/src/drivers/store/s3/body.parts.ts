/** A part of a body; all but the last have the same size. */
export interface BodyPart {
  /** From 1. */
  number: number;
  bytes: Buffer;
  /** Whether it is the first and the last. */
  isWhole: boolean;
}

/** Cuts a body into parts. A body of one part's size or less, an empty one too, is one part. */
export async function* partsOf(chunks: AsyncIterable<Uint8Array>, partBytes: number): AsyncGenerator<BodyPart, void, void> {
  let number = 1;
  let gathered: Uint8Array[] = [];
  let gatheredBytes = 0;
  for await (const chunk of chunks) {
    gathered.push(chunk);
    gatheredBytes += chunk.byteLength;
    // The last part is told from the others only by what comes behind it.
    while (gatheredBytes > partBytes) {
      const bytes = Buffer.concat(gathered, gatheredBytes);
      yield { number, bytes: bytes.subarray(0, partBytes), isWhole: false };
      number += 1;
      // A copy, so that the rest does not keep the whole part in memory.
      gathered = [Buffer.from(bytes.subarray(partBytes))];
      gatheredBytes -= partBytes;
    }
  }
  yield { number, bytes: Buffer.concat(gathered, gatheredBytes), isWhole: number === 1 };
}
