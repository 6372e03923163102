// The baseline of uploads: a bare HTTP server that pipes every body to a file (argument: the folder).
import { createWriteStream } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';

const path = join(process.argv[2]!, 'bare');
const server = createServer((request, response) => {
  void pipeline(request, createWriteStream(path)).then(() => response.end('ok'));
});
server.listen(0, '127.0.0.1', () => console.log((server.address() as AddressInfo).port));
