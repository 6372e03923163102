// The baseline of the front: one express route that sends JSON prepared beforehand (argument: the file that holds it).
import { readFileSync } from 'node:fs';
import express from 'express';
import type { AddressInfo } from 'node:net';

const prepared: unknown = JSON.parse(readFileSync(process.argv[2]!, 'utf8'));
const text = JSON.stringify(prepared);
const app = express();
app.get('/api/info', (_request, response) => {
  response.type('application/json').send(text);
});
const server = app.listen(0, '127.0.0.1', () => console.log((server.address() as AddressInfo).port));
