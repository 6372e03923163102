import type { Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';

const HEAD_END = '\r\n\r\n';
const REFUSALS: Readonly<Record<string, string>> = {
  HPE_HEADER_OVERFLOW: '431 Request Header Fields Too Large',
  ERR_HTTP_REQUEST_TIMEOUT: '408 Request Timeout',
};

interface ParseError extends Error {
  code?: string;
  rawPacket?: Buffer;
  bytesParsed?: number;
}

/**
 * Lets a server take `GET /…?region=北京` with its UTF-8 unencoded, as the legacy documents write it and curl sends it;
 * Node's parser has no switch for that. The head is encoded and given to the server again as a connection of one request.
 * Every other malformed request is refused as Node does by itself.
 */
export function acceptUnencodedTargets(server: Server): void {
  const taken = new WeakSet<Duplex>();
  server.on('clientError', (error: ParseError, socket: Duplex) => {
    const head = taken.has(socket) ? undefined : encodedHead(error);
    if (head === undefined || !socket.writable) return refuse(socket, error.code);
    taken.add(socket);
    server.emit('connection', new SingleRequest(socket as Socket, head));
  });
}

/** The head with its target percent-encoded; undefined when that would not help, or the packet holds more or less than one head. */
function encodedHead({ code, rawPacket, bytesParsed = 0 }: ParseError): string | undefined {
  if (code !== 'HPE_INVALID_URL' || !rawPacket) return undefined;
  const text = rawPacket.toString('latin1');
  const lineEnd = text.indexOf('\r\n');
  const line = text.slice(0, lineEnd);
  const isOneHead = lineEnd >= bytesParsed && text.indexOf(HEAD_END) === text.length - HEAD_END.length;
  if (!isOneHead || !/^(?:GET|HEAD) /.test(line) || !/[\x80-\xff]/.test(line)) return undefined;
  const encoded = line.replaceAll(/[\x80-\xff]/g, (byte) => `%${byte.charCodeAt(0).toString(16)}`);
  const headers = text.slice(lineEnd, -HEAD_END.length).replaceAll(/\r\nconnection:[^\r]*/gi, '');
  return `${encoded}${headers}\r\nConnection: close${HEAD_END}`;
}

/** Within an answer that has begun, a refusal would be taken for a part of it. */
function refuse(socket: Duplex & { _httpMessage?: Pick<ServerResponse, 'headersSent'> | null }, code = ''): void {
  if (!socket.writable || socket._httpMessage?.headersSent) return void socket.destroy();
  socket.end(`HTTP/1.1 ${REFUSALS[code] ?? '400 Bad Request'}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`, () => socket.destroy());
}

/** A connection that reads one head and writes to the caller's own socket. */
class SingleRequest extends Duplex {
  readonly remoteAddress: string | undefined;
  readonly encrypted: boolean;
  readonly #socket: Socket;
  #head: string | undefined;

  constructor(socket: Socket, head: string) {
    super();
    this.#socket = socket;
    this.#head = head;
    this.remoteAddress = socket.remoteAddress;
    this.encrypted = 'encrypted' in socket && socket.encrypted === true;
    socket.once('close', () => this.destroy());
    socket.on('timeout', () => this.emit('timeout'));
  }

  /** Handlers that stream set it on the connection; the caller's own socket is what stands still. */
  setTimeout(milliseconds: number): this {
    this.#socket.setTimeout(milliseconds);
    return this;
  }

  override _read(): void {
    if (this.#head === undefined) return;
    this.push(this.#head, 'latin1');
    this.#head = undefined;
  }

  override _write(chunk: Buffer, _encoding: string, done: (error?: Error | null) => void): void {
    this.#socket.write(chunk, done);
  }

  override _final(done: (error?: Error | null) => void): void {
    this.#socket.end(() => done());
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#socket.destroy();
    done(error);
  }
}
