import { readFile, writeFile } from 'node:fs/promises';
import { isUtf8 } from 'node:buffer';
import { buffer } from 'node:stream/consumers';
import { openPromise, type Entry } from 'yauzl';
import { checkCoco, CocoFault, type CocoCounts } from './coco.check.js';

/** Labels as the label server gave them. */
export interface GivenLabels {
  /** Where they lie: JSON, or a zip with one JSON file in it, which takes its place. */
  file: string;
  /** The paths of the dataset's files. */
  files: readonly string[];
  mostBytes: number;
}

/** How every zip begins. */
const ZIP = Buffer.from('PK\x03\x04');
const MOST_ENTRIES = 100_000;

/** Reads and checks labels; afterwards the file holds them as JSON. @throws CocoFault */
export async function readCoco({ file, files, mostBytes }: GivenLabels): Promise<CocoCounts> {
  const given = await readFile(file);
  const isZip = given.subarray(0, ZIP.length).equals(ZIP);
  const bytes = isZip ? await unzipped(file, mostBytes) : given;
  const counts = checkCoco(parsed(bytes), new Set(files));
  if (isZip) await writeFile(file, bytes);
  return counts;
}

function parsed(bytes: Buffer): unknown {
  if (!isUtf8(bytes)) throw new CocoFault('the labels', 'they are not UTF-8');
  try {
    return JSON.parse(bytes.toString());
  } catch (error) {
    throw new CocoFault('the labels', `they are not JSON (${(error as Error).message.slice(0, 100)})`);
  }
}

/** The only JSON file of a zip; pictures beside it are left alone. */
async function unzipped(file: string, mostBytes: number): Promise<Buffer> {
  const zip = await openPromise(file, { autoClose: false, validateEntrySizes: true }).catch((error: Error) => {
    throw new CocoFault('the zip', error.message);
  });
  try {
    if (zip.entryCount > MOST_ENTRIES) throw new CocoFault('the zip', `it has more than ${MOST_ENTRIES} files`);
    const found: Entry[] = [];
    for await (const entry of zip.eachEntry()) if (/\.json$/i.test(entry.fileName)) found.push(entry);
    const [only] = found;
    if (!only || found.length > 1) throw new CocoFault('the zip', `expected one JSON file in it, got ${found.length}`);
    if (only.uncompressedSize > mostBytes) throw new CocoFault('the zip', `its labels have ${only.uncompressedSize} bytes, more than ${mostBytes} (LABEL_IMPORT_BYTES)`);
    return await buffer(await zip.openReadStreamPromise(only));
  } catch (error) {
    throw error instanceof CocoFault ? error : new CocoFault('the zip', (error as Error).message);
  } finally {
    zip.close();
  }
}
