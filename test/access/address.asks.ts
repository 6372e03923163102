import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { WebSocket } from 'ws';
import type { Actor } from '../testkit/actor.js';
import { send, sendAs } from '../testkit/http.js';
import { NotebookPage, NotebookUser } from '../testkit/notebook.js';
import type { Scope } from './callers.js';
import { TUS, UPLOAD_HEADERS } from './resumable.upload.js';
import { KEPT, picture, SHOWN, type ThingName, type Things } from './things.js';
import type { World } from './world.js';

export interface AddressAnswer {
  status: number;
  text: string;
}

/** One way to ask an address that is neither the graph nor a row of a contract. */
export interface AddressAsk {
  title: string;
  /** The route of a subgraph that it is below; none for the gateway's own. */
  route?: string;
  scope?: Scope;
  uses?: readonly ThingName[];
  /** What stands in the answer to those who may see what is asked for. */
  mark?: string;
  ask: (actor: Actor, things: Things) => Promise<AddressAnswer>;
}

/** What an archive begins with. */
const GZIP = '\u001F';

/** What the member was given for a browser. */
interface Links {
  download: string;
  picture: string;
  notebookOrigin: string;
  session: NotebookPage;
}

async function linksOf({ callers: { member }, things }: World): Promise<Links> {
  const { fileSet } = await member.ask('query ($id: ID!) { fileSet(id: $id) { downloadUrl } }', { id: things.files });
  const { recognizeImage } = await member.ask('mutation ($input: RecognizeImageInput!) { recognizeImage(input: $input) { pictureUrl } }', { input: { serviceId: things.service, image: picture(), picture: true } });
  const notebooks = new NotebookUser(member);
  const { openUrl } = await notebooks.look(things.notebook);
  return { download: fileSet.downloadUrl, picture: recognizeImage.pictureUrl, notebookOrigin: new URL(openUrl!).origin, session: await notebooks.open(things.notebook) };
}

/** Every other address, with the names of the member's own things. */
export async function addressAsks(world: World): Promise<AddressAsk[]> {
  const links = await linksOf(world);
  const get = (title: string, path: (things: Things) => string, more: Partial<AddressAsk> = {}): AddressAsk => ({ title, ask: (actor, things) => sendAs(actor, { path: path(things) }), ...more });
  const files = (title: string, path: (things: Things) => string, mark: string): AddressAsk => get(`GET /ai_arts/files/…, ${title}`, (things) => `/ai_arts/files/${path(things)}`, { route: '/ai_arts/files', mark });
  const ofUpload = (method: string, headers: Record<string, string> = {}, body?: string): AddressAsk => ({
    title: `${method} /ai_arts/uploads/…`,
    route: '/ai_arts/uploads',
    scope: 'ai-arts:write',
    uses: method === 'HEAD' ? [] : ['upload'],
    ask: (actor, { upload }) => sendAs(actor, { method, path: `/ai_arts/uploads/${upload}`, headers: { ...TUS, ...headers }, ...(body === undefined ? {} : { body }) }),
  });
  const annotations = (method: string, scope: Scope): AddressAsk => ({ title: `${method} /ai_arts/annotations/…`, route: '/ai_arts/annotations', scope, ask: (actor) => sendAs(actor, { method, path: '/ai_arts/annotations/api/projects', ...(method === 'POST' ? { body: {} } : {}) }) });
  const notebook = async (actor: Actor, id: string, cookie?: string): Promise<AddressAnswer> => {
    const headers = { ...(actor.credential === undefined ? {} : { token: actor.credential }), ...(cookie === undefined ? {} : { cookie }) };
    const answer = await fetch(`${links.notebookOrigin}/ai_arts/notebooks/${id}/api/status`, { headers, redirect: 'manual' });
    return { status: answer.status, text: await answer.text() };
  };
  return [
    ...['/', '/healthz', '/readyz', '/metrics', '/openapi.json'].map((path) => get(`GET ${path}`, () => path)),
    { title: 'POST /stored-operations', ask: (actor) => asBearer(actor, '/stored-operations', { document: '{ me { id } }', operationName: 'x', variables: {} }) },
    { title: 'POST /subgraphs/machines/graphql', ask: (actor) => asBearer(actor, '/subgraphs/machines/graphql', { query: '{ users { totalCount } }' }) },
    { title: 'GET /subgraphs/ai-arts/ai_arts/files/…', ask: (actor, { files: id }) => asBearer(actor, `/subgraphs/ai-arts/ai_arts/files/${id}`) },
    files('private', (things) => things.files, KEPT),
    files('of a public dataset', (things) => things.publicFiles, SHOWN),
    files('private, of one folder of which there is a public dataset', (things) => things.partlyPublicFiles, GZIP),
    files('that folder', ({ partlyPublicFiles }) => `${partlyPublicFiles}/public`, SHOWN),
    files('what is beside it', ({ partlyPublicFiles }) => `${partlyPublicFiles}/private`, KEPT),
    get('GET /ai_arts/files/…, by a link', () => links.download, { route: '/ai_arts/files' }),
    get('GET /ai_arts/files/…, by a link for other files', ({ modelFiles }) => links.download.replace(/[0-9a-f-]{36}/, modelFiles.split('/')[1]!).replace(/link=./, 'link=X'), { route: '/ai_arts/files' }),
    { title: 'POST /ai_arts/uploads', route: '/ai_arts/uploads', scope: 'ai-arts:write', ask: (actor) => sendAs(actor, { method: 'POST', path: '/ai_arts/uploads', headers: UPLOAD_HEADERS }) },
    ofUpload('HEAD'),
    ofUpload('PATCH', { 'upload-offset': '0', 'content-type': 'application/offset+octet-stream' }, 'abcd'),
    ofUpload('DELETE'),
    get('GET /ai_arts/pictures/…, by a link', () => links.picture, { route: '/ai_arts/pictures' }),
    get('GET /ai_arts/pictures/…, without', () => links.picture.split('?')[0]!, { route: '/ai_arts/pictures' }),
    get('GET /ai_arts/jwks.json', () => '/ai_arts/jwks.json', { route: '/ai_arts/jwks.json' }),
    annotations('GET', 'ai-arts:read'),
    annotations('POST', 'ai-arts:write'),
    get('GET /ai_arts/api/annotations/…', () => '/ai_arts/api/annotations/api/projects'),
    { title: 'GET …/ai_arts/notebooks/…', route: '/ai_arts/notebooks', scope: 'ai-arts:write', ask: (actor, { notebook: id }) => notebook(actor, id) },
    { title: 'GET …/ai_arts/notebooks/…, with the member’s session', route: '/ai_arts/notebooks', scope: 'ai-arts:write', ask: (actor, { notebook: id }) => notebook(actor, id, links.session.cookie) },
    { title: 'WebSocket …/ai_arts/notebooks/…', route: '/ai_arts/notebooks', scope: 'ai-arts:write', ask: (actor, { notebook: id }) => upgraded(`${links.notebookOrigin}/ai_arts/notebooks/${id}/api/kernels/${randomUUID()}/channels`, actor) },
  ];
}

/** With the credential where the platform's own processes have their tokens. */
function asBearer({ platform, credential }: Actor, path: string, body?: object): Promise<AddressAnswer> {
  const headers = { ...(credential === undefined ? {} : { authorization: `Bearer ${credential}` }), ...(body === undefined ? {} : { 'content-type': 'application/json' }) };
  return send(platform, { path, headers, ...(body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }) });
}

/** The status that the opening of a WebSocket is answered with. */
async function upgraded(url: string, { credential }: Actor): Promise<AddressAnswer> {
  const socket = new WebSocket(url.replace('http', 'ws'), { headers: credential === undefined ? {} : { token: credential } });
  const opened = once(socket, 'open').then(() => 101, () => 0);
  const refused = new Promise<number>((resolve) => socket.once('unexpected-response', (_, response) => resolve(response.statusCode ?? 0)));
  const status = await Promise.race([opened, refused]);
  socket.on('error', () => undefined).terminate();
  return { status, text: '' };
}
