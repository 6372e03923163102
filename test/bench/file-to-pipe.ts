// The baseline of downloads: a bare HTTP server that pipes a file to everybody (argument: the file).
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { pipeline } from 'node:stream/promises';

const file = process.argv[2]!;
const { size } = await stat(file);
const server = createServer((_, response) => {
  response.setHeader('content-length', size);
  void pipeline(createReadStream(file), response);
});
server.listen(0, '127.0.0.1', () => console.log((server.address() as AddressInfo).port));
