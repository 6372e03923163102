import { decodeJwt } from 'jose';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { answers, labelServer, type LabelServerOfTest } from '../../subgraphs/ai-arts/src/testkit/label-server.js';
import { Actor, actor, admin, stranger } from '../testkit/actor.js';
import { API } from '../testkit/ai-arts.client.js';
import { sendAs } from '../testkit/http.js';
import { startPlatform, type Platform } from '../testkit/platform.js';
import { annotationsTwins } from './ai-arts.annotations.twins.js';
import { filesTwins } from './ai-arts.files.twins.js';
import { hold } from './runs.js';
import { anyJson, anyText } from './texts.js';
import { Tally } from './twin.js';

// AIArts, annotations: by the contract's address and beside the graph the same pages, and the same requests at the label server.

let labels: LabelServerOfTest;
let platform: Platform;
let alice: Actor;
let datasetId: string;
beforeAll(async () => {
  labels = await labelServer();
  platform = await startPlatform({ environment: { LABEL_SERVER_URL: labels.url } });
  alice = await actor(await admin(platform), 'alice');
  const uploaded = await filesTwins['POST /datasets/upload'].rest(alice, { file: new File(['a'], 'a.txt'), resumable: false });
  const made = await filesTwins['POST /datasets'].rest(alice, { name: 'pictures', description: 'to be labelled', path: (uploaded as { data: { path: string } }).data.path });
  datasetId = String((made as { data: { id: number } }).data.id);
});
afterAll(async () => {
  await platform?.dispose();
  await labels?.stop();
});

const tally = new Tally();
const twins = tally.counted(annotationsTwins);
const row = twins['* /annotations'];

test('the page of a project is the same, and nobody finds it without a credential', async ({ task }) => {
  labels.behave(answers({}));
  await hold(task, 'projects', fc.asyncProperty(fc.stringMatching(/^[A-Za-z0-9][\w.-]{0,99}$/), async (projectId) => {
    const shown = await row.rest(alice, { datasetId, projectId });
    expect(await row.graph(alice, { datasetId, projectId })).toEqual(shown);
    expect(shown).toEqual({ data: `${labels.url}/projects/${projectId}` });
    for (const nobody of [stranger(platform), new Actor(platform, 'nobody', 'never-issued')]) for (const way of ['rest', 'graph'] as const) expect(await row[way](nobody, { datasetId, projectId })).toEqual({ refused: 20002 });
  }), 15);
  expect(labels.received).toEqual([]);
});

const segment = fc.oneof(fc.stringMatching(/^[A-Za-z0-9_-]{1,8}$/), anyText(1, 20).filter((text) => !/[./\\;%\p{Cc}]/u.test(text)).map(encodeURIComponent));
const request = fc.record({
  method: fc.constantFrom('GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD'),
  path: fc.array(segment, { maxLength: 4 }).map((segments) => segments.map((one) => `/${one}`).join('')),
  query: fc.dictionary(anyText(1, 10), anyText(0, 20), { maxKeys: 2 }).map((query) => new URLSearchParams(query).toString()),
  body: anyJson,
  own: fc.constantFrom('x-a', 'accept-language', 'if-none-match', 'origin', 'x-http-method-override'),
});
const answer = fc.record({ status: fc.constantFrom(200, 201, 204, 301, 400, 404, 409, 500), body: anyJson, header: fc.constantFrom('x-total-count', 'set-cookie', 'etag', 'access-control-allow-origin', 'refresh'), location: fc.constantFrom(undefined, '/x/', '../y') });

test('a program’s request reaches the label server as the same from either address, and so does its answer come back', async ({ task }) => {
  const property = fc.asyncProperty(request, answer, async ({ method, path, query, body, own }, { status, header, location, body: said }) => {
    labels.behave((_, response) => void response.writeHead(status, { 'content-type': 'application/json', [header]: 'x', ...(location === undefined ? {} : { location }) }).end(status === 204 ? undefined : JSON.stringify(said)));
    const asked = async (address: string) => {
      const { status: got, headers, text } = await sendAs(alice, { method, path: address + path + (query && `?${query}`), headers: { [own]: own === 'origin' ? platform.url : 'x', 'x-request-id': 'one' }, ...(['GET', 'HEAD'].includes(method) ? {} : { body: JSON.stringify(body) }) });
      const { date, ...rest } = headers;
      return { got, text, headers: rest, dated: date !== undefined };
    };
    const [one, other] = [await asked(`${API}/annotations`), await asked('/ai_arts/annotations')];
    expect(other).toEqual(one);
    const received = labels.received.map(({ headers: { authorization, ...headers }, body: bytes, ...what }) => {
      const { jti, iat, exp, nbf, ...claims } = decodeJwt(authorization!.slice('Bearer '.length));
      return { ...what, headers, body: bytes.toString(), claims, lives: exp! - iat!, told: [typeof jti, typeof nbf] };
    });
    expect(received).toHaveLength(2);
    expect(received[1]).toEqual(received[0]);
    expect(JSON.stringify(received)).not.toContain(alice.credential);
  });
  await hold(task, 'requests to the label server', property, 40);
});

test('every row was asked and answered both ways', ({ task }) => tally.expectEach(twins, task));
