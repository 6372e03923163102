import { readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { tarOf } from '../testkit/archives.js';
import { ScriptedJupyter } from '../testkit/scripted.jupyter.js';
import { trainingHouse, type TrainingActor, type TrainingHouse } from '../testkit/training.house.js';

const HOUR = 3_600_000;
const NOTEBOOK = 'id name state stateReason lastActivityAt openUrl memoryBytes description';
const MOST = 3;

let house: TrainingHouse;
let jupyter: ScriptedJupyter;
let alice: TrainingActor;
beforeAll(async () => {
  jupyter = await ScriptedJupyter.start();
  house = await trainingHouse({ settings: { notebookCommand: [process.execPath, 'lab'], notebooksPerUser: MOST, notebookIdleMs: 24 * HOUR } });
  house.engine.afterSubmit = (id) => jupyter.tell(house.engine.runs.get(id)!.spec);
  alice = house.actor({ credentialId: 'of-alice' });
});
afterEach(async () => {
  Object.assign(jupyter, { isUp: true, lastActivityAt: new Date().toISOString() });
  const { data } = await alice.ask('{ notebooks(first: 100) { nodes { id } } }');
  for (const { id } of data.notebooks.nodes) await alice.ask('mutation ($id: ID!) { deleteNotebook(id: $id) }', { id });
  const hasNothing = async () => (await house.subgraph.ask('query ($userId: ID!) { ownsRunningThings(userId: $userId) }', { origin: 'peer', variables: { userId: alice.as.userId } })).data.ownsRunningThings === false;
  await vi.waitUntil(hasNothing, { timeout: 20_000 });
});
afterAll(async () => {
  await house?.close();
  await jupyter.stop();
});

const create = (as: TrainingActor, input: Record<string, unknown> = {}) => as.ask(`mutation ($input: CreateNotebookInput!) { createNotebook(input: $input) { ${NOTEBOOK} } }`, { input: { name: 'lab', engine: 'python', ...input } });
const change = (as: TrainingActor, verb: string, id: string) => as.ask(`mutation ($id: ID!) { ${verb}Notebook(id: $id) { ${NOTEBOOK} } }`, { id });
const look = async (as: TrainingActor, id: string) => (await as.ask(`query ($id: ID!) { notebook(id: $id) { ${NOTEBOOK} } }`, { id })).data.notebook;
const become = async (id: string, state: string) => {
  await expect.poll(async () => (await look(alice, id)).state).toBe(state);
  return look(alice, id);
};
const created = async (input: Record<string, unknown> = {}): Promise<string> => (await create(alice, input)).data.createNotebook.id;

describe('a notebook', () => {
  test('is SCHEDULING until its server answers, which is started with its token in the environment alone', async () => {
    jupyter.isUp = false;
    const id = await created();
    await become(id, 'SCHEDULING');
    await expect.poll(() => jupyter.asked.length).toBeGreaterThan(2);
    expect(await look(alice, id)).toMatchObject({ state: 'SCHEDULING', openUrl: null, lastActivityAt: null });
    jupyter.isUp = true;
    expect(await become(id, 'RUNNING')).toMatchObject({ openUrl: expect.stringMatching(/^http:\/\/127\.0\.0\.1:4010\/ai_arts\/notebooks\/[0-9a-f-]+\/open\?link=/), lastActivityAt: expect.any(String) });
    const { argv, environment, timeLimitSeconds, network } = house.engine.runs.get(id)!.spec;
    expect(argv.slice(0, 3)).toEqual([process.execPath, 'lab', '--ServerApp.ip=127.0.0.1']);
    expect(argv).toContain(`--ServerApp.base_url=/ai_arts/notebooks/${id}/`);
    expect(argv.join(' ')).not.toContain(environment.JUPYTER_TOKEN);
    expect({ timeLimitSeconds, network }).toEqual({ timeLimitSeconds: null, network: true });
    expect(jupyter.asked.at(-1)!.headers.authorization).toBe(`token ${environment.JUPYTER_TOKEN}`);
  });

  test('gets its code once: what was changed in it stays over stop and start', async () => {
    const codePath = await alice.uploaded('CODE', 'code.tar', await tarOf({ 'src/a.py': 'print(1)' }));
    const id = await created({ codePath: `${codePath}/src` });
    await become(id, 'RUNNING');
    const { workingFolder } = house.engine.runs.get(id)!.spec;
    expect(await readdir(workingFolder)).toEqual(['a.py']);
    await writeFile(path.join(workingFolder, 'a.py'), 'print(2)');
    await change(alice, 'stop', id);
    await become(id, 'PAUSED');
    await change(alice, 'start', id);
    await become(id, 'RUNNING');
    const [second] = [...house.engine.runs.values()].map(({ spec }) => spec).filter((spec) => spec.folder.endsWith(id) && spec.id !== id);
    expect(await readFile(path.join(second!.workingFolder, 'a.py'), 'utf8')).toBe('print(2)');
    expect(second!.environment.JUPYTER_TOKEN).not.toBe(house.engine.runs.get(id)?.spec.environment.JUPYTER_TOKEN);
  });

  test('that nobody uses is stopped, and says so; one that was stopped before says nothing', async () => {
    const [idle, used] = [await created(), await created()];
    await Promise.all([become(idle, 'RUNNING'), become(used, 'RUNNING')]);
    const { notebookActivity } = house.subgraph.services;
    await notebookActivity.sweep(new Date(Date.now() + 23 * HOUR));
    expect([(await look(alice, idle)).state, (await look(alice, used)).state]).toEqual(['RUNNING', 'RUNNING']);
    await change(alice, 'stop', used);
    await become(used, 'PAUSED');
    await notebookActivity.sweep(new Date(Date.now() + 25 * HOUR));
    expect((await become(idle, 'PAUSED')).stateReason).toBe('nobody used it for 24 h; start it to go on');
    expect((await look(alice, used)).stateReason).toBeNull();
    await change(alice, 'start', idle);
    expect((await become(idle, 'RUNNING')).stateReason).toBeNull();
  });

  test('shows when it was used last, and never a time to come', async () => {
    const id = await created();
    await become(id, 'RUNNING');
    jupyter.lastActivityAt = '2026-01-02T03:04:05Z';
    await house.subgraph.services.notebookActivity.sweep(new Date('2026-01-02T04:00:00Z'));
    expect((await look(alice, id)).lastActivityAt).toBe('2026-01-02T03:04:05.000Z');
    jupyter.lastActivityAt = '2999-01-01T00:00:00Z';
    await house.subgraph.services.notebookActivity.sweep();
    expect(Date.parse((await look(alice, id)).lastActivityAt)).toBeLessThanOrEqual(Date.now());
  });

  test('whose program is not on the engine says what to install', async () => {
    house.engine.startsAtOnce = false;
    const id = await created();
    await expect.poll(() => house.engine.runs.has(id)).toBe(true);
    house.engine.start(id);
    house.engine.end(id, { exitCode: 127 });
    house.engine.startsAtOnce = true;
    expect((await become(id, 'FAILED')).stateReason).toContain('apt-get install -y --no-install-recommends jupyter-server');
  });

  test('is its owner’s: nobody else changes it, and an administrator sees it and gets no link', async () => {
    const id = await created();
    await become(id, 'RUNNING');
    const [bob, root] = [house.actor({ credentialId: 'of-bob' }), house.actor({ roles: ['ADMIN'], credentialId: 'of-root' })];
    const tries = [change(bob, 'stop', id), change(bob, 'start', id), bob.ask('mutation ($id: ID!) { deleteNotebook(id: $id) }', { id }), bob.ask('mutation ($id: ID!) { describeNotebook(id: $id, description: "x") { id } }', { id }), bob.ask('query ($id: ID!) { notebook(id: $id) { id } }', { id })];
    for (const { errors } of await Promise.all(tries)) expect(errors[0]?.extensions.code).toBe('NOT_YOURS');
    expect(await look(root, id)).toMatchObject({ state: 'RUNNING', openUrl: null });
    expect((await bob.ask('{ notebooks { totalCount } }')).data.notebooks.totalCount).toBe(0);
  });

  test('is made once for one client token, and a user has only so many', async () => {
    const [one, two] = await Promise.all([created({ clientToken: 't' }), created({ clientToken: 't' })]);
    expect(one).toBe(two);
    for (let count = 1; count < MOST; count++) await created();
    expect((await create(alice)).errors[0]).toMatchObject({ message: expect.stringContaining('NOTEBOOKS_PER_USER'), extensions: { code: 'JOB_QUOTA_EXCEEDED' } });
  });
});

describe('a notebook that cannot be', () => {
  test.each([
    [{ name: '' }, 'BAD_INPUT'],
    [{ name: 'x'.repeat(10_000) }, 'BAD_INPUT'],
    [{ engine: 'cobol' }, 'BAD_INPUT'],
    [{ deviceType: '../gpu' }, 'BAD_INPUT'],
    [{ deviceNum: 0 }, 'BAD_INPUT'],
    [{ deviceNum: 1_000 }, 'ENGINE_REFUSED'],
    [{ memoryBytes: 1 }, 'BAD_INPUT'],
    [{ description: 'x'.repeat(10_001) }, 'BAD_INPUT'],
    [{ codePath: '/etc/passwd' }, 'PATH_INVALID'],
    [{ codePath: 'code/../../x' }, 'PATH_INVALID'],
    [{ codePath: 'code/00000000-0000-4000-8000-000000000000' }, 'PATH_MISSING'],
  ])('%j is refused with %s', async (input, code) => {
    const { data, errors } = await create(alice, input);
    expect([data, errors[0]?.extensions.code]).toEqual([null, code]);
  });

  test('a file instead of a folder of code is refused', async () => {
    const codePath = await alice.uploaded('CODE', 'a.py', 'print(1)');
    expect((await create(alice, { codePath: `${codePath}/a.py` })).errors[0]?.extensions.code).toBe('PATH_INVALID');
  });

  test('without Jupyter on this machine it is refused with what to install', async () => {
    const without = await trainingHouse({ settings: { notebookCommand: ['jupyter-server'], programFolders: [house.folder] } });
    const { errors } = await create(without.actor());
    expect(errors[0]).toMatchObject({ message: expect.stringContaining('NOTEBOOK_COMMAND'), extensions: { code: 'NOTEBOOK_UNAVAILABLE' } });
    await without.close();
  });
});
