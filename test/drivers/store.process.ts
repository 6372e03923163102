// Puts one file and dies with it, or tells what it took: `store.process.ts <settings as JSON> <bytes>`. Prints a line a MiB.
import { readFileSync } from 'node:fs';
import { Readable } from 'node:stream';
import { DiskStore } from '@hutong/ai-arts/drivers/store/disk';
import { S3Store } from '@hutong/ai-arts/drivers/store/s3';

type Settings = { disk: Parameters<typeof DiskStore.open>[0] } | { s3: ConstructorParameters<typeof S3Store>[0] };

const MIB = 1024 * 1024;
const settings = JSON.parse(process.argv[2]!) as Settings;
const bytes = Number(process.argv[3]);
const { signal } = new AbortController();
const store = 'disk' in settings ? await DiskStore.open(settings.disk) : new S3Store(settings.s3);

/** The most memory that this process has had, in bytes. */
const peak = (): number => Number(/^VmHWM:\s+(\d+) kB/m.exec(readFileSync('/proc/self/status', 'utf8'))![1]) * 1024;

async function* body(): AsyncGenerator<Buffer> {
  for (let put = 0; put < bytes; put += MIB) {
    yield Buffer.alloc(MIB, put / MIB);
    console.log(JSON.stringify({ put }));
  }
}

await store.put('warm', Readable.from([Buffer.alloc(6 * MIB)]), signal);
const before = peak();
await store.put('large', body(), signal);
const afterPut = peak() - before;
let read = 0;
for await (const chunk of await store.get('large', signal)) read += (chunk as Buffer).byteLength;
console.log(JSON.stringify({ read, afterPut, afterGet: peak() - before }));
await store.close();
