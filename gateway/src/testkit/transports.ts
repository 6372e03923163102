import { TestEventStream } from './test-event-stream.js';
import type { TestAnswer, TestGateway } from './test-gateway.js';
import { TestSocket } from './test-socket.js';

type Answer = Pick<TestAnswer, 'data' | 'errors'>;

/** One operation over a transport: its first result, or the errors that it was refused with. */
export type Transport = (gateway: TestGateway, query: string, variables?: Record<string, unknown>, credential?: string) => Promise<Answer>;

const credentialHeader = (credential: string | undefined): Record<string, string> => (credential === undefined ? {} : { token: credential });

const overPost: Transport = (gateway, query, variables, credential) => gateway.ask(query, { variables, headers: credentialHeader(credential) });

const overWebsocket: Transport = async (gateway, query, variables, credential) => {
  const socket = await TestSocket.acknowledged(gateway.url, credential);
  socket.subscribe('1', query, variables);
  const { type, payload } = await socket.until(({ id }) => id === '1');
  socket.end();
  return type === 'error' ? { data: undefined, errors: payload } : { errors: [], ...payload };
};

const overEventStream: Transport = async (gateway, query, variables, credential) => {
  const stream = await TestEventStream.open(gateway.url, { query, variables }, credentialHeader(credential));
  if (stream.headers.get('content-type')?.startsWith('text/event-stream')) {
    const [result] = (await stream.next(1)) as Answer[];
    stream.end();
    return { ...result!, errors: result!.errors ?? [] };
  }
  await stream.completed();
  return { data: undefined, ...(JSON.parse(stream.text) as Pick<Answer, 'errors'>) };
};

/** Those that stay open, over which subscriptions come. */
export const streamingTransports: [name: string, Transport][] = [
  ['WebSocket', overWebsocket],
  ['server-sent events', overEventStream],
];

/** All ways to send an operation. */
export const transports: [name: string, Transport][] = [['POST', overPost], ...streamingTransports];
