// The baseline of subscriptions: a bare ws server that sends one text to every socket when a line comes on its stdin.
import { createInterface } from 'node:readline';
import type { AddressInfo } from 'node:net';
import { WebSocketServer } from 'ws';

const server = new WebSocketServer({ port: 0, host: '127.0.0.1', handleProtocols: () => 'graphql-transport-ws' });
server.on('listening', () => console.log((server.address() as AddressInfo).port));
createInterface({ input: process.stdin }).on('line', (text) => {
  for (const socket of server.clients) socket.send(text);
});
