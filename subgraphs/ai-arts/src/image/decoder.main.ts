// Decodes images for the process that has started it, one at a time; what an image does to a decoder ends this process at most.
import { writeFileSync } from 'node:fs';
import sharp from 'sharp';
import type { DecoderAnswer, DecoderGreeting, DecoderMessage, DecoderTask } from './decoder.task.js';
import { drawnPicture } from './image.drawing.js';
import { seenPixels } from './image.pixels.js';
import { ImageRefused } from './image.refused.js';
import { checkType } from './image.type.js';

/** More stays behind of large images than of small ones. */
const MOST_MEMORY = 256 * 1024 * 1024;
/** Where memory is short, a decoder goes first. */
const FIRST_TO_GO = '1000';

// Nothing is decoded twice, and several images at a time are several processes.
sharp.cache(false);
sharp.concurrency(1);
sharp.block({ operation: ['VipsForeignLoad'] });
sharp.unblock({ operation: ['VipsForeignLoadJpeg', 'VipsForeignLoadPng', 'VipsForeignLoadWebp', 'VipsForeignLoadNsgif'] });
try {
  writeFileSync('/proc/self/oom_score_adj', FIRST_TO_GO);
} catch {
  // Not on this system.
}

process.on('message', (task: DecoderTask) => void tell(task));
process.on('disconnect', () => process.exit());
process.send!({ isReady: true } satisfies DecoderGreeting);

async function tell(task: DecoderTask): Promise<void> {
  const answer = await answerTo(task);
  process.send!({ answer, isSpent: process.memoryUsage.rss() > MOST_MEMORY } satisfies DecoderMessage);
}

async function answerTo(task: DecoderTask): Promise<DecoderAnswer> {
  try {
    await checkType(task.content, task.limits.bytes);
    return task.kind === 'PIXELS' ? await seenPixels(task) : await drawnPicture(task);
  } catch (error) {
    return { problem: error instanceof ImageRefused ? error.message : 'it is damaged, or is not whole' };
  }
}
