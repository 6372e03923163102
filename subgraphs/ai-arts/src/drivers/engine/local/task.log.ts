import { constants, open } from 'node:fs/promises';
import { EngineError, type LogChunk, type LogPart } from '../engine.js';
import { logFile } from './job.host.js';

const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = constants;

/** A part of what a task has written; null when there is no such file. The job could put anything in its place, so a link is not followed. */
export async function readLog(folder: string, { task, from, most }: LogPart): Promise<LogChunk | null> {
  const handle = await open(logFile(folder, task), O_RDONLY | O_NOFOLLOW | O_NONBLOCK).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null;
    if (error.code === 'ELOOP') throw notAFile();
    throw error;
  });
  if (!handle) return null;
  try {
    const facts = await handle.stat();
    if (!facts.isFile() || facts.nlink > 1) throw notAFile();
    const bytes = Buffer.allocUnsafe(Math.max(0, Math.min(most, facts.size - from)));
    const { bytesRead } = await handle.read(bytes, 0, bytes.length, from);
    return { bytes: bytes.subarray(0, bytesRead), sizeBytes: facts.size };
  } finally {
    await handle.close();
  }
}

const notAFile = () => new EngineError('FAILED', "the job has put something else in its log's place");
