import type { IncomingMessage } from 'node:http';

/** How long the body of an ordinary request may take to come. */
const BODY_MS = 300_000;

const deadlines = new WeakMap<IncomingMessage, NodeJS.Timeout>();

/** Ends the connection of a request whose body does not come in time: Node's own limit knows no exception for uploads. */
export function setBodyDeadline(request: IncomingMessage): void {
  const { 'content-length': length, 'transfer-encoding': encoding } = request.headers;
  if (encoding === undefined && (length === undefined || length === '0')) return;
  const timer = setTimeout(() => request.socket.destroy(), BODY_MS);
  deadlines.set(request, timer);
  const end = (): void => endBodyDeadline(request);
  request.once('end', end).once('close', end);
}

/** The body may take its time; whoever reads it has another limit. */
export function endBodyDeadline(request: IncomingMessage): void {
  clearTimeout(deadlines.get(request));
}
