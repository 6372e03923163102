import { isIP } from 'node:net';

export interface PublicOriginsOptions {
  host: string;
  /** What is set; undefined: the same host, on the port of notebooks. */
  notebookOrigin: string | undefined;
}

/** Where browsers reach what this process listens on, known once it does. */
export class PublicOrigins {
  readonly #options: PublicOriginsOptions;
  #notebookPort = 0;

  constructor(options: PublicOriginsOptions) {
    this.#options = options;
  }

  /** Notebooks are on this port from now on. */
  listening(notebookPort: number): void {
    this.#notebookPort = notebookPort;
  }

  /** For example `http://127.0.0.1:4010`. */
  get ofNotebooks(): string {
    const { host, notebookOrigin } = this.#options;
    return notebookOrigin ?? `http://${shownHost(host)}:${this.#notebookPort}`;
  }
}

/** A host as it stands in a URL; of one that is listened on at every address, the address of this machine. */
export function shownHost(host: string): string {
  if (host === '0.0.0.0' || host === '::') return '127.0.0.1';
  return isIP(host) === 6 ? `[${host}]` : host;
}
