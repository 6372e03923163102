import type { Dirent } from 'node:fs';

/**
 * How keys become paths: every part is a name of letters, digits, `_`, `-` and inner dots, all other bytes of its UTF-8
 * as `%XX`; a folder's name ends in `=`, so that `a` and `a/b` can both be files. A part of more than 80 bytes is cut, and
 * its first pieces are folders whose names end in `+`. So no name of a client is ever one of the file system, none is too long for it, and
 * each path means one key.
 */
const PIECE_BYTES = 80;
const FOLDER = '=';
const PIECE = '+';

/** Where the file of a key is, relative to the folder of all files. */
export function filePathOf(key: string): string {
  const parts = key.split('/');
  const last = parts.pop()!;
  return [...parts.map(folderPath), filePath(last)].join('/');
}

/** Where the files of a prefix are; the folder itself when there is none. */
export const folderPathOf = (prefix: string): string => (prefix === '' ? '.' : prefix.slice(0, -1).split('/').map(folderPath).join('/'));

/** What a name found on the disk stands for: the bytes of a part, or of a piece of one, as characters up to U+00FF. */
export interface FoundName {
  kind: 'file' | 'folder' | 'piece';
  bytes: string;
}

/** Undefined for what no key has made. */
export function nameFound(entry: Dirent): FoundName | undefined {
  const kind = entry.isFile() ? 'file' : entry.isDirectory() ? kindOfFolder(entry.name) : undefined;
  if (kind === undefined) return undefined;
  const name = kind === 'file' ? entry.name : entry.name.slice(0, -1);
  const bytes = name.replace(/%([0-9A-F]{2})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 16)));
  return name !== '' && encoded(bytes) === name ? { kind, bytes } : undefined;
}

/** The text of a key's bytes. */
export const keyOfBytes = (bytes: string): string => Buffer.from(bytes, 'latin1').toString('utf8');

/** The bytes of a text, each as a character up to U+00FF, which sort as they do. */
export const bytesOfKey = (key: string): string => Buffer.from(key, 'utf8').toString('latin1');

const kindOfFolder = (name: string): 'folder' | 'piece' | undefined => (name.endsWith(FOLDER) ? 'folder' : name.endsWith(PIECE) ? 'piece' : undefined);

const folderPath = (part: string): string => `${filePath(part)}${FOLDER}`;

function filePath(part: string): string {
  const bytes = bytesOfKey(part);
  const pieces = Array.from({ length: Math.ceil(bytes.length / PIECE_BYTES) }, (_, index) => encoded(bytes.slice(index * PIECE_BYTES, (index + 1) * PIECE_BYTES)));
  return pieces.join(`${PIECE}/`);
}

function encoded(bytes: string): string {
  return bytes.replace(/[^A-Za-z0-9_.-]|^\.|\.$/g, (byte) => `%${byte.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`);
}
