import type { IncomingMessage } from 'node:http';

/** How long the body of an ordinary request may take to come. */
const BODY_MS = 300_000;

const DEADLINE = Symbol('body deadline');
type LimitedMessage = IncomingMessage & { [DEADLINE]?: NodeJS.Timeout };

/** Ends the connection of a request whose body does not come in time: Node's own limit knows no exception for uploads. */
export function setBodyDeadline(request: LimitedMessage): void {
  const { 'content-length': length, 'transfer-encoding': encoding } = request.headers;
  if (encoding === undefined && (length === undefined || length === '0')) return;
  const late = (): void => {
    if (!request.complete) request.socket.destroy();
  };
  request[DEADLINE] = setTimeout(late, BODY_MS);
  request.once('close', () => endBodyDeadline(request));
}

/** The body may take its time; whoever reads it has another limit. */
export function endBodyDeadline(request: LimitedMessage): void {
  clearTimeout(request[DEADLINE]);
}
