import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { WebSocket } from 'ws';
import { actor, admin, logIn, type Actor } from '../testkit/actor.js';
import { isMissing, jupyter } from '../testkit/engines.js';
import { jupyterToken, NotebookPage, NotebookUser, outputOf } from '../testkit/notebook.js';
import { startPlatform, type Platform } from '../testkit/platform.js';
import { until } from '../testkit/processes.js';

// Alice works in a notebook on a real Jupyter server; nobody else gets in, and what Jupyter knows stays behind us.

const MOST = 2;

describe.skipIf(isMissing(jupyter))('notebooks on a real Jupyter server', { timeout: 180_000 }, () => {
  let platform: Platform;
  let root: Actor;
  let alice: NotebookUser;
  let bob: NotebookUser;
  let id: string;

  beforeAll(async () => {
    platform = await startPlatform({ environment: { ENGINE_DRIVER: 'local', ENGINE_LOCAL_UNISOLATED: 'true', NOTEBOOKS_PER_USER: String(MOST), JOB_STOP_GRACE_SECONDS: '5' } });
    root = await admin(platform);
    alice = new NotebookUser(await actor(root, 'alice'));
    bob = new NotebookUser(await actor(root, 'bob'));
    ({ id } = await alice.create({ name: '实验一', description: 'the first' }));
    await alice.until(id, 'RUNNING');
  }, 180_000);

  afterAll(async () => {
    for (const user of [alice, bob]) {
      const { notebooks } = await user.actor.ask('{ notebooks(first: 100) { nodes { id } } }');
      for (const notebook of notebooks.nodes as { id: string }[]) await user.actor.ask('mutation ($id: ID!) { deleteNotebook(id: $id) }', { id: notebook.id });
    }
    await until('every processor to be free', async () => {
      const { engine } = await root.ask('{ engine { total { cpus } free { cpus } } }');
      return engine.total.cpus === engine.free.cpus;
    });
    await platform?.dispose();
  }, 120_000);

  test('it is opened by a link, computes over a WebSocket, and keeps its files when it is stopped and started again', { tags: ['ai-arts/1/real', 'ai-arts/1.4/browser'] }, async () => {
    const page = await alice.open(id);
    expect(page.base).toContain(`/ai_arts/notebooks/${id}/`);
    expect(new URL(page.base).port).not.toBe(new URL(platform.url).port);
    expect(await page.run('print(6*7)')).toBe('42\n');
    expect(await page.run("print(open('kept.txt', 'w').write('still here'))")).toBe('10\n');
    expect((await alice.look(id)).lastActivityAt).not.toBeNull();

    await alice.change('stop', id);
    const stopped = await alice.until(id, 'PAUSED');
    expect(stopped.openUrl).toBeNull();
    const gone = await page.get('api/status');
    expect([gone.status, JSON.parse(gone.text).errors[0].extensions.code]).toEqual([409, 'JOB_STATE_CONFLICT']);
    await alice.change('start', id);
    await alice.until(id, 'RUNNING');
    const again = await alice.open(id);
    expect(await again.json('api/contents/kept.txt')).toMatchObject({ content: 'still here' });
    // The session of before is good again, too.
    expect(await page.json('api/contents/kept.txt')).toMatchObject({ content: 'still here' });
  });

  test('uploads of any size go in, and come out with ranges', async () => {
    const page = await alice.open(id);
    const large = 'x'.repeat(8 * 1024 * 1024);
    await page.json('api/contents/large.txt', 'PUT', { type: 'file', format: 'text', content: large });
    const part = await page.get('files/large.txt', { range: 'bytes=0-9' });
    expect([part.status, part.text]).toEqual([206, 'xxxxxxxxxx']);
    expect((await page.get('files/large.txt')).text.length).toBe(large.length);
  });

  test('what Jupyter asks for itself is nowhere in what anybody is told', async () => {
    const token = await jupyterToken(platform.dataDirectory, id);
    expect(token.length).toBeGreaterThan(30);
    const page = await alice.open(id);
    for (const path of ['', 'tree', 'lab', 'login', 'logout', 'api', 'api/status', 'api/me', 'api/kernels', 'api/contents', 'api/terminals', 'static/x', 'files/', 'nothing', `?token=${token.slice(0, 5)}`]) {
      await page.get(path, { accept: 'text/html' });
      await page.get(path, {}, 'HEAD');
    }
    await page.get('api/contents/none', {}, 'PUT', { type: 'nonsense' });
    await page.get('login', { origin: new URL(page.base).origin }, 'POST', { password: 'x' });
    await page.run('print(1)');
    // Whoever prints it in a kernel of their own may see it; as a page it is taken off.
    await page.run("import os; print(open('leak.html', 'w').write('a' * 65500 + os.environ['JUPYTER_TOKEN'] + 'b'))");
    const leak = await page.get('files/leak.html');
    expect([leak.text.length, leak.text.slice(-2)]).toEqual([65_501, 'ab']);
    expect(page.told.filter((said) => said.includes(token))).toEqual([]);
    expect(page.told.filter((said) => /^(?:set-cookie: (?!hutong_notebook=)|server:)/.test(said))).toEqual([]);
    expect(platform.output()).not.toContain(token);
  });

  test('a link is good once, for its own notebook, and only as it was made', async () => {
    const { openUrl } = await alice.look(id);
    await NotebookPage.open(openUrl!);
    const again = await fetch(openUrl!, { redirect: 'manual', headers: { accept: 'text/html' } });
    expect([again.status, again.headers.getSetCookie(), again.headers.get('content-security-policy')]).toEqual([403, [], "default-src 'none'; frame-ancestors 'none'"]);
    expect(await again.text()).toContain('ask for a new one');
    const fresh = (await alice.look(id)).openUrl!;
    const changed = fresh.replace(/.(?=\.[^.]*$)/, (letter) => (letter === 'A' ? 'B' : 'A'));
    for (const bad of [changed, fresh.split('?')[0]!, fresh.replace(id, '00000000-0000-4000-8000-000000000000')]) expect((await fetch(bad, { redirect: 'manual' })).status).toBe(403);
    const cookie = (await fetch(fresh, { redirect: 'manual' })).headers.getSetCookie()[0]!;
    expect(cookie).toMatch(new RegExp(`^hutong_notebook=\\S+; Path=/ai_arts/notebooks/${id}/; HttpOnly; SameSite=Lax$`));
  });

  test('nobody else comes in: not without a cookie, with that of another, nor as an administrator', async () => {
    const page = await alice.open(id);
    const { id: other } = await bob.create();
    await bob.until(other, 'RUNNING');
    const ofBob = await bob.open(other);
    const status = (headers: Record<string, string>, path = 'api/status') => fetch(page.base + path, { headers, redirect: 'manual' }).then((answer) => answer.status);
    expect(await status({})).toBe(401);
    expect(await status({ cookie: ofBob.cookie })).toBe(401);
    expect(await status({ cookie: page.cookie.replace('=', '=x') })).toBe(401);
    expect(await status({ authorization: `Bearer ${bob.actor.credential}` })).toBe(403);
    expect(await status({ authorization: `Bearer ${root.credential}` })).toBe(403);
    expect(await status({ authorization: `Bearer ${alice.actor.credential}` })).toBe(200);
    expect((await root.ask('query ($id: ID!) { notebook(id: $id) { openUrl } }', { id })).notebook.openUrl).toBeNull();
    const { errors } = await bob.actor.graph('query ($id: ID!) { notebook(id: $id) { openUrl } }', { id });
    expect(errors[0]?.extensions.code).toBe('NOT_YOURS');
    expect((await fetch(`${platform.url}/ai_arts/notebooks/${id}/api/status`, { headers: { cookie: page.cookie } })).status).toBe(404);
    expect((await fetch(`${new URL(page.base).origin}/graphql`, { method: 'POST' })).status).toBe(404);
  });

  test('a page of another origin gets nowhere with the cookie', async () => {
    const page = await alice.open(id);
    const foreign = { origin: 'https://evil.example' };
    expect((await page.get('api/status', foreign)).status).toBe(403);
    expect((await page.get('api/contents', foreign, 'POST', { type: 'file' })).status).toBe(403);
    expect((await page.get('api/status', { origin: platform.url })).status).toBe(403);
    const { id: kernel } = await page.json('api/kernels', 'POST', { name: 'python3' });
    await expect(page.socket(kernel, foreign)).rejects.toThrow('403');
    const socket = await page.socket(kernel, { origin: new URL(page.base).origin });
    expect(await outputOf(socket, 'print(2)')).toBe('2\n');
    socket.terminate();
  });

  test('when the ticket ends, so do its links, its pages and its WebSockets; when the notebook stops, too', async () => {
    const password = "alice's own password 1";
    const elsewhere = new NotebookUser(await logIn(platform, 'alice', password));
    const page = await elsewhere.open(id);
    const { openUrl } = await elsewhere.look(id);
    const { id: kernel } = await page.json('api/kernels', 'POST', { name: 'python3' });
    const socket = await page.socket(kernel);
    const closed = once(socket, 'close');
    await elsewhere.actor.ask('mutation { logOut }');
    await closed;
    await expect.poll(async () => (await page.get('api/status')).status).toBe(401);
    expect((await fetch(openUrl!, { redirect: 'manual' })).status).toBe(401);
    const still = await alice.open(id);
    const other: WebSocket = await still.socket(kernel);
    const ended = once(other, 'close');
    await alice.change('stop', id);
    await ended;
    await alice.until(id, 'PAUSED');
  });

  test('a user has only so many that run, and may say something else about each', async () => {
    const { describeNotebook } = await alice.actor.ask('mutation ($id: ID!) { describeNotebook(id: $id, description: "第二天") { description } }', { id });
    expect(describeNotebook.description).toBe('第二天');
    const { notebooks } = await alice.actor.ask('{ notebooks(filter: { search: "第二", states: [PAUSED] }) { totalCount nodes { id engine deviceType deviceNum codePath } } }');
    expect(notebooks).toEqual({ totalCount: 1, nodes: [{ id, engine: 'python', deviceType: 'cpu', deviceNum: 1, codePath: null }] });
    for (let count = 0; count < MOST; count++) await alice.create();
    const { errors } = await alice.actor.graph('mutation ($id: ID!) { startNotebook(id: $id) { id } }', { id });
    expect(errors[0]).toMatchObject({ message: expect.stringContaining('NOTEBOOKS_PER_USER'), extensions: { code: 'JOB_QUOTA_EXCEEDED' } });
  });
});
