import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { WebSocket } from 'ws';
import type { Actor } from './actor.js';
import { until } from './processes.js';

/** A notebook as its owner sees it. */
export interface SeenNotebook {
  id: string;
  name: string;
  state: string;
  stateReason: string | null;
  lastActivityAt: string | null;
  openUrl: string | null;
}

const NOTEBOOK = 'id name state stateReason lastActivityAt openUrl';
const PATIENCE_MS = 60_000;

/** Everything that a page of notebooks answers with. */
export interface PageAnswer {
  status: number;
  headers: Headers;
  text: string;
}

/** Somebody who uses notebooks through GraphQL. */
export class NotebookUser {
  constructor(readonly actor: Actor) {}

  async create(input: Record<string, unknown> = {}): Promise<SeenNotebook> {
    const data = await this.actor.ask(`mutation ($input: CreateNotebookInput!) { createNotebook(input: $input) { ${NOTEBOOK} } }`, { input: { name: 'a notebook', engine: 'python', ...input } });
    return data.createNotebook as SeenNotebook;
  }

  async look(id: string): Promise<SeenNotebook> {
    return (await this.actor.ask(`query ($id: ID!) { notebook(id: $id) { ${NOTEBOOK} } }`, { id })).notebook as SeenNotebook;
  }

  async list(): Promise<SeenNotebook[]> {
    return (await this.actor.ask(`{ notebooks(first: 100) { nodes { ${NOTEBOOK} } } }`)).notebooks.nodes as SeenNotebook[];
  }

  async delete(id: string): Promise<void> {
    await this.actor.ask('mutation ($id: ID!) { deleteNotebook(id: $id) }', { id });
  }

  /** Asks for a notebook to be stopped or started. */
  async change(verb: 'stop' | 'start', id: string): Promise<void> {
    await this.actor.ask(`mutation ($id: ID!) { ${verb}Notebook(id: $id) { id } }`, { id });
  }

  /** Waits until a notebook has come to be as said. */
  async until(id: string, state: string): Promise<SeenNotebook> {
    let seen: SeenNotebook | undefined;
    await until(`the notebook to be ${state}`, async () => {
      seen = await this.look(id);
      if (seen.state !== state && ['ERROR', 'FAILED', 'KILLED', 'FINISHED'].includes(seen.state)) throw new Error(`the notebook is ${seen.state}: ${seen.stateReason}`);
      return seen.state === state;
    });
    return seen!;
  }

  /** Follows a link of a running notebook as a browser does. */
  async open(id: string): Promise<NotebookPage> {
    const { openUrl } = await this.look(id);
    return NotebookPage.open(openUrl!);
  }
}

/** A browser with a session of one notebook; remembers all that it was ever told. */
export class NotebookPage {
  readonly told: string[] = [];

  constructor(
    /** Where the notebook is, with a slash at the end. */
    readonly base: string,
    readonly cookie: string,
  ) {}

  static async open(url: string): Promise<NotebookPage> {
    const answer = await fetch(url, { redirect: 'manual' });
    if (answer.status !== 303) throw new Error(`the link answered ${answer.status}: ${await answer.text()}`);
    const [cookie] = answer.headers.getSetCookie();
    const page = new NotebookPage(new URL(answer.headers.get('location')!, url).href, cookie!.split(';')[0]!);
    page.#remember(answer.headers, '');
    return page;
  }

  async get(path: string, headers: Record<string, string> = {}, method = 'GET', body?: unknown): Promise<PageAnswer> {
    const answer = await fetch(this.base + path, { method, redirect: 'manual', headers: { cookie: this.cookie, ...headers }, ...(body === undefined ? {} : { body: JSON.stringify(body) }) });
    const text = await answer.text();
    this.#remember(answer.headers, text);
    return { status: answer.status, headers: answer.headers, text };
  }

  /** The same, for what is answered in JSON. */
  // oxlint-disable-next-line typescript/no-explicit-any -- a test reads data of any shape
  async json(path: string, method = 'GET', body?: unknown): Promise<any> {
    const { status, text } = await this.get(path, {}, method, body);
    if (status >= 400) throw new Error(`${method} ${path} answered ${status}: ${text}`);
    return text === '' ? null : JSON.parse(text);
  }

  /** A kernel's WebSocket. */
  async socket(kernel: string, headers: Record<string, string> = {}): Promise<WebSocket> {
    const socket = new WebSocket(`${this.base.replace('http', 'ws')}api/kernels/${kernel}/channels`, { headers: { cookie: this.cookie, ...headers } });
    await once(socket, 'open');
    return socket;
  }

  /** What a piece of code writes in a new kernel. */
  async run(code: string): Promise<string> {
    const { id } = await this.json('api/kernels', 'POST', { name: 'python3' });
    const socket = await this.socket(id as string);
    const said = await outputOf(socket, code);
    socket.terminate();
    this.told.push(said);
    return said;
  }

  #remember(headers: Headers, text: string): void {
    this.told.push(text, ...[...headers].map(([name, value]) => `${name}: ${value}`));
  }
}

/** Runs code over a kernel's WebSocket, by Jupyter's protocol, and answers what it writes until it is idle. */
export function outputOf(socket: WebSocket, code: string): Promise<string> {
  const id = randomUUID();
  let text = '';
  return new Promise((resolve, reject) => {
    const tooLate = setTimeout(() => reject(new Error(`the kernel did not answer within ${PATIENCE_MS / 1_000} s`)), PATIENCE_MS);
    socket.on('message', (data: Buffer) => {
      const { msg_type: type, parent_header: parent, content } = JSON.parse(data.toString()) as { msg_type: string; parent_header: { msg_id?: string }; content: { text?: string; execution_state?: string } };
      if (parent.msg_id !== id) return;
      if (type === 'stream') text += content.text ?? '';
      if (type !== 'status' || content.execution_state !== 'idle') return;
      clearTimeout(tooLate);
      resolve(text);
    });
    socket.once('close', () => reject(new Error('the WebSocket was closed')));
    socket.send(JSON.stringify({ header: { msg_id: id, msg_type: 'execute_request', username: 'u', session: 's', version: '5.3' }, parent_header: {}, metadata: {}, channel: 'shell', content: { code, silent: false } }));
  });
}

/** What Jupyter itself asks of whoever comes: looked up behind everybody's back. */
export async function jupyterToken(dataDirectory: string, id: string): Promise<string> {
  const runs = join(dataDirectory, 'ai-arts/jobs', id, 'jupyter');
  for (const run of await readdir(runs)) {
    const file = (await readdir(join(runs, run))).find((name) => /^jpserver-\d+\.json$/.test(name));
    if (file !== undefined) return (JSON.parse(await readFile(join(runs, run, file), 'utf8')) as { token: string }).token;
  }
  throw new Error('there is no Jupyter server');
}
