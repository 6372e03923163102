import { testGateway, type TestGateway } from './test-gateway.js';
import { TestSocket, until } from './test-socket.js';

/** Events, joined with what another subgraph knows. */
export const VISITED = 'subscription { visited { id person { id name things { label } } } }';

/** A gateway whose limits for WebSockets are quickly reached, and those that a test opens on it. */
export class SocketGateway {
  readonly #sockets: TestSocket[] = [];

  private constructor(readonly gateway: TestGateway) {}

  static async start(): Promise<SocketGateway> {
    return new SocketGateway(await testGateway({ WEBSOCKET_INIT_SECONDS: '1', LIMIT_SUBSCRIPTIONS: '5', LIMIT_BODY_BYTES: '20000' }));
  }

  /** A socket on which nothing was said. */
  async open(options?: Parameters<typeof TestSocket.open>[1]): Promise<TestSocket> {
    return this.#kept(await TestSocket.open(this.gateway.url, options));
  }

  /** A socket that was greeted with a credential, or with none. */
  async greeted(credential?: string): Promise<TestSocket> {
    return this.#kept(await TestSocket.acknowledged(this.gateway.url, credential));
  }

  /** A socket of this user, or of nobody, that was greeted. */
  of(username?: string): Promise<TestSocket> {
    return this.greeted(username === undefined ? undefined : this.gateway.subgraphs.credential(username));
  }

  /** Waits until the subgraph has so many subscribers. */
  listening(count = 1): Promise<void> {
    return until(() => this.gateway.subgraphs.visitors >= count);
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.end();
    await this.gateway.stop();
  }

  #kept(socket: TestSocket): TestSocket {
    this.#sockets.push(socket);
    return socket;
  }
}
