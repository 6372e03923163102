import { open } from 'node:fs/promises';

/** What a qcow2 file says of itself. */
export interface Qcow2Header {
  /** The size of the disk that the guest sees. */
  diskBytes: number;
  /** Whether it is a disk only together with another file. */
  standsAlone: boolean;
}

const MAGIC = 0x51_46_49_fb;
const HEADER_BYTES = 104;
const EXTERNAL_DATA_FILE = 0b100n;

/** Reads a qcow2 file's header; null when the file is none, or cannot be read. */
export async function readQcow2Header(file: string): Promise<Qcow2Header | null> {
  const handle = await open(file).catch(() => null);
  if (!handle) return null;
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(HEADER_BYTES), 0, HEADER_BYTES, 0);
    if (bytesRead < 72 || buffer.readUInt32BE(0) !== MAGIC) return null;
    const version = buffer.readUInt32BE(4);
    // Version 2 ends before the feature bits.
    const incompatible = version >= 3 ? buffer.readBigUInt64BE(72) : 0n;
    return {
      diskBytes: Number(buffer.readBigUInt64BE(24)),
      standsAlone: buffer.readBigUInt64BE(8) === 0n && (incompatible & EXTERNAL_DATA_FILE) === 0n,
    };
  } catch {
    return null;
  } finally {
    await handle.close();
  }
}
