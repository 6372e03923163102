import type { IncomingMessage, ServerResponse } from 'node:http';

/**
 * Takes in and forgets what a sender still sends when it has its answer, for a while, as closing the connection at once
 * would keep the answer from it. What has come whole is read to its end as well: before that, nothing is heard of what is asked
 * next on the connection.
 */
export function discardRest(request: IncomingMessage, response: ServerResponse, milliseconds: number): void {
  response.once('finish', () => {
    if (request.readableEnded) return;
    request.unpipe();
    request.resume();
    const timer = setTimeout(() => request.socket.destroy(), milliseconds);
    request.once('end', () => clearTimeout(timer)).once('close', () => clearTimeout(timer));
  });
}
