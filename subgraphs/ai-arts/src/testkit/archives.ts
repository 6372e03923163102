import { buffer } from 'node:stream/consumers';
import { crc32, deflateRawSync } from 'node:zlib';
import { pack } from 'tar-stream';

type TarType = 'file' | 'link' | 'symlink' | 'character-device' | 'block-device' | 'directory' | 'fifo';

export interface TarEntry {
  name: string;
  text?: string;
  type?: TarType;
  linkname?: string;
}

/** A tar of these files, by their names, or of these entries. */
export function tarOf(files: Record<string, string> | readonly TarEntry[]): Promise<Buffer> {
  const entries: readonly TarEntry[] = Array.isArray(files) ? (files as readonly TarEntry[]) : Object.entries(files as Record<string, string>).map(([name, text]) => ({ name, text }));
  const tar = pack();
  for (const { name, text = '', type = 'file', linkname } of entries) tar.entry({ name, type, ...(linkname === undefined ? {} : { linkname }) }, text);
  tar.finalize();
  return buffer(tar as AsyncIterable<Buffer>);
}

export interface ZipEntry {
  name: string | Buffer;
  data?: Buffer | string;
  /** Unix mode with its kind of file; by default none is said. */
  mode?: number;
  /** By default UTF-8. */
  flags?: number;
  /** By default deflate (8). */
  method?: number;
  /** What the list at the end says instead of what is true. */
  says?: { size?: number; packed?: number; crc?: number; offset?: number };
}

const UTF8 = 0x800;

/** A zip of these entries, honest or not. */
export function zipOf(entries: readonly ZipEntry[]): Buffer {
  const parts: Buffer[] = [];
  const list: Buffer[] = [];
  let at = 0;
  for (const { name, data = '', mode = 0, flags = UTF8, method = 8, says = {} } of entries) {
    const raw = Buffer.from(data as string);
    const packed = method === 8 ? deflateRawSync(raw) : raw;
    const bytes = Buffer.isBuffer(name) ? name : Buffer.from(name);
    const common = Buffer.alloc(26);
    common.writeUInt16LE(20, 0);
    common.writeUInt16LE(flags, 2);
    common.writeUInt16LE(method, 4);
    common.writeUInt32LE(says.crc ?? crc32(raw), 10);
    common.writeUInt32LE(says.packed ?? packed.length, 14);
    common.writeUInt32LE(says.size ?? raw.length, 18);
    common.writeUInt16LE(bytes.length, 22);
    const header = Buffer.alloc(46);
    header.writeUInt32LE(0x02014b50, 0);
    header.writeUInt16LE(mode === 0 ? 0 : 0x0314, 4);
    common.copy(header, 6);
    header.writeUInt32LE((mode << 16) >>> 0, 38);
    header.writeUInt32LE(says.offset ?? at, 42);
    list.push(header, bytes);
    const local = Buffer.concat([Buffer.from([0x50, 0x4b, 3, 4]), common, bytes, packed]);
    parts.push(local);
    at += local.length;
  }
  const directory = Buffer.concat(list);
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(entries.length, 8);
  end.writeUInt16LE(entries.length, 10);
  end.writeUInt32LE(directory.length, 12);
  end.writeUInt32LE(at, 16);
  return Buffer.concat([...parts, directory, end]);
}
