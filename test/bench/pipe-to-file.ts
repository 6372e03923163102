// The baseline of uploads: a bare HTTP server that pipes every body to a file of its own, as one that keeps uploads must (argument: the folder).
// Over one file again and again it would write into memory that the system has at hand, at half of the system's time.
import { randomUUID } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';

const server = createServer((request, response) => {
  void pipeline(request, createWriteStream(join(process.argv[2]!, randomUUID()))).then(() => response.end('ok'));
});
server.listen(0, '127.0.0.1', () => console.log((server.address() as AddressInfo).port));
