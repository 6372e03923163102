import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { actor, admin, type Actor } from '../testkit/actor.js';
import { AiArtsClient, expectRefused } from '../testkit/ai-arts.client.js';
import { tarGzOf } from '../testkit/archive.js';
import { startPlatform, type Platform } from '../testkit/platform.js';
import { LOCAL_ENGINE } from '../testkit/training.js';

// Section 3 of AIArts: trainings, and the models that come of them.

const UNKNOWN = randomUUID();

let platform: Platform;
let bob: Actor;
let client: AiArtsClient;
beforeAll(async () => {
  platform = await startPlatform({ environment: { ...LOCAL_ENGINE, JOB_ENVIRONMENTS: 'site-1=/bin/sh -u' } });
  const root = await admin(platform);
  const alice = await actor(root, 'alice');
  client = new AiArtsClient(alice);
  bob = await actor(root, 'bob');
});
afterAll(() => platform?.dispose());

describe('trainings', () => {
  test('are made, told, listed, logged and deleted', { tags: ['ai-arts/3.1/route', 'ai-arts/3.1/status', 'ai-arts/3.1/searchWord', 'ai-arts/3.2/route', 'ai-arts/3.2/status', 'ai-arts/3.3/route', 'ai-arts/3.3/pages', 'ai-arts/3.3/cursor', 'ai-arts/3.4/route', 'ai-arts/3.4/deviceType', 'ai-arts/3.4/jobTrainingType', 'ai-arts/3.4/arguments', 'ai-arts/3.5/route', 'ai-arts/jobs/running', 'ai-arts/0/times'] }, async () => {
    const id = await client.start({ 'train.sh': 'for i in $(seq 2500); do echo "line $i $*"; done; exit 3' }, { params: { lr: 0.1, layers: 'a b; rm -rf /' }, desc: 'a try', deviceNum: 0, outputPath: 'out' });
    expect(id).toEqual(expect.stringMatching(/^[0-9a-f-]{36}$/));
    const training = await client.ended(id);
    expect(training).toEqual({
      id, name: 'digits', engine: 'bash', deviceType: 'cpu', deviceNum: 1, codePath: expect.stringMatching(/^code\//), startupFile: 'train.sh', outputPath: 'out', datasetPath: '',
      params: { lr: 0.1, layers: 'a b; rm -rf /' }, desc: 'a try', status: 'failed', statusReason: expect.stringMatching(/3/), createTime: expect.any(Number), startTime: expect.any(Number),
      endTime: expect.any(Number), exitCode: 3, jobTrainingType: 'RegularJob', numPs: 0, numPsWorker: 0,
    });
    expect(training.createTime).toBeLessThanOrEqual(training.startTime);

    const first = await client.ask('GET', `/trainings/${id}/log`);
    expect([first.maxPage, first.log.split('\n').length - 1]).toEqual([2, 2_000]);
    expect(first.log).toMatch(/^line 1 --lr 0\.1 --layers a b; rm -rf \/ .*--output_path \S+\n/);
    const last = await client.ask('GET', `/trainings/${id}/log?pageNum=7`);
    expect(last.log).toBe((await client.ask('GET', `/trainings/${id}/log?cursor=${encodeURIComponent(first.cursor)}`)).log);
    expect(last.log).toMatch(/^line 2001 [^]*line 2500 .*\n$/);

    const list = await client.ask('GET', '/trainings?status=failed&searchWord=a%20try&orderBy=createTime&order=asc');
    expect(list.Trainings.map((row: { id: string }) => row.id)).toContain(id);
    for (const other of ['status=unapproved', `searchWord=${randomUUID()}`]) expect(await client.ask('GET', `/trainings?${other}`)).toEqual({ Trainings: [], total: 0, totalPage: 0 });
    expect(await client.ask('DELETE', `/trainings/${id}`)).toEqual({});
    expectRefused(await client.call('GET', `/trainings/${id}`), [404, 10001], /./);
  });

  test('get the data that they name, by its path', { tags: ['ai-arts/3.4/arguments'] }, async () => {
    const datasetPath = await client.uploaded('/datasets/upload', await tarGzOf({ 'x.txt': 'seven' }), 'set.tar.gz');
    const id = await client.start({ 'read.sh': 'while [ "$1" != --data_path ]; do shift; done; cat "$2/x.txt"' }, { datasetPath });
    expect((await client.ended(id)).status).toBe('finished');
    expect((await client.ask('GET', `/trainings/${id}/log`)).log).toBe('seven');
  });

  test.each([
    ['python', { 'main.py': 'import sys; print(sys.version_info[0], sys.argv[1:3])' }, "3 ['--lr', '0.1']"],
    ['bash', { 'main.sh': 'echo "$BASH_VERSION" | grep -q . && echo "bash $1 $2"' }, 'bash --lr 0.1'],
    ['node', { 'main.js': 'console.log(process.version, ...process.argv.slice(2, 4))' }, `${process.version} --lr 0.1`],
    ['site-1', { 'main.sh': 'case $- in *u*) echo "sh -u $1 $2";; esac' }, 'sh -u --lr 0.1'],
  ])('in the environment %s are run by its own program', { tags: ['ai-arts/3.4/engine', 'ai-arts/3.4/interpreter', 'ai-arts/3.4/startupFile', 'ai-arts/3.4/arguments'] }, async (engine, files, said) => {
    const id = await client.start(files, { engine, params: { lr: 0.1 } });
    expect(await client.ended(id)).toMatchObject({ status: 'finished', engine, deviceType: 'cpu' });
    expect((await client.ask('GET', `/trainings/${id}/log`)).log).toBe(`${said}\n`);
  });

  test.each(['name', 'engine', 'codePath', 'startupFile'])('need %s', { tags: ['ai-arts/3.4/required'] }, async (field) => {
    expectRefused(await client.call('POST', '/trainings', { name: 'x', engine: 'bash', codePath: 'code/x', startupFile: 'x.sh', [field]: undefined }), [400, 20001], new RegExp(`^${field}: `));
  });

  test('of servers and workers are so many tasks, and told as that', { tags: ['ai-arts/3.4/jobTrainingType', 'ai-arts/3.4/route'] }, async () => {
    const id = await client.start({ 'train.sh': 'true' }, { jobTrainingType: 'PSDistJob', numPs: 1, numPsWorker: 2 });
    expect(await client.ended(id)).toMatchObject({ status: 'finished', jobTrainingType: 'PSDistJob', numPs: 1, numPsWorker: 2 });
  });

  test('keep the dataset that they read: it is not deleted before they have ended', { tags: ['ai-arts/4.7/in-use', 'ai-arts/0/30010'] }, async () => {
    const datasetPath = await client.uploaded('/datasets/upload', 'x', 'x.txt');
    const dataset = await client.ask('POST', '/datasets', { name: randomUUID(), description: 'x', path: datasetPath });
    const id = await client.start({ 'wait.sh': 'sleep 600' }, { datasetPath });
    expectRefused(await client.call('DELETE', `/datasets/${dataset.id}`), [400, 30010], /in use|use/);
    await client.ask('POST', `/trainings/${id}/stop`);
    await client.ended(id);
    expect(await client.ask('DELETE', `/datasets/${dataset.id}`)).toEqual({});
  });

  test('are stopped, again and again', { tags: ['ai-arts/3.4/stop', 'ai-arts/jobs/killed', 'ai-arts/jobs/kill-ended'] }, async () => {
    const id = await client.start({ 'wait.sh': 'echo begun; sleep 600' });
    await expect.poll(async () => (await client.ask('GET', `/trainings/${id}`)).status).toBe('running');
    for (let time = 0; time < 2; time++) expect(await client.ask('POST', `/trainings/${id}/stop`)).toEqual({});
    expect(await client.ended(id)).toMatchObject({ status: 'killed' });
    expect(await client.ask('POST', `/trainings/${id}/stop`)).toEqual({});
  });

  test('that wrote nothing yet have no log', { tags: ['ai-arts/3.3/nothing', 'ai-arts/jobs/delete'] }, async () => {
    const id = await client.start({ 'wait.sh': 'sleep 600' });
    expect(await client.ask('GET', `/trainings/${id}/log`)).toEqual({ maxPage: 0 });
    await client.ask('DELETE', `/trainings/${id}`);
  });

  test.each([
    ['an unknown engine', { engine: 'tensorflow-9' }, [400, 20001]],
    ['no name', { name: '' }, [400, 20001]],
    ['a name of 10,000 characters', { name: 'x'.repeat(10_000) }, [400, 20001]],
    ['a start file that is not there', { startupFile: 'nowhere.sh' }, [400, 30201]],
    ['a start file elsewhere', { startupFile: '../../etc/passwd.sh' }, [400, 30201]],
    ['a start file of another kind', { startupFile: 'train.exe' }, [400, 30201]],
    ['code that is not there', { codePath: `code/${UNKNOWN}` }, [400, 30005]],
    ['code elsewhere', { codePath: '../..' }, [400, 30007]],
    ['a type that there is not', { jobTrainingType: 'Fancy' }, [400, 30203]],
    ['a PSDistJob without numbers', { jobTrainingType: 'PSDistJob' }, [400, 30203]],
    ['a GPU that nobody has', { deviceType: 'nvidia_quantum', deviceNum: 1 }, [400, 30204]],
    ['params that are none', { params: [1] }, [400, 20001]],
  ] as const)('with %s are refused, and nothing is stored', { tags: ['ai-arts/3.4/unknown-engine', 'ai-arts/3.4/startupFile', 'ai-arts/3.4/jobTrainingType', 'ai-arts/3.4/deviceType', 'ai-arts/0/20001', 'ai-arts/0/30005', 'ai-arts/0/30007', 'ai-arts/0/30201', 'ai-arts/0/30203', 'ai-arts/0/30204'] }, async (_, wrong, refusal) => {
    const codePath = await client.uploaded('/codes/upload', await tarGzOf({ 'train.sh': 'true' }), 'code.tar.gz');
    const { total } = await client.ask('GET', '/trainings');
    expectRefused(await client.call('POST', '/trainings', { name: 'x', engine: 'bash', codePath, startupFile: 'train.sh', ...wrong }), refusal, /./);
    expect((await client.ask('GET', '/trainings')).total).toBe(total);
  });

  test('of somebody else are not told, stopped or deleted', { tags: ['ai-arts/0/30801'] }, async () => {
    const id = await client.start({ 'train.sh': 'true' });
    for (const [method, path] of [['GET', ''], ['GET', '/log'], ['POST', '/stop'], ['DELETE', '']] as const) expectRefused(await client.call(method, `/trainings/${id}${path}`, undefined, bob), [403, 30801], /./);
    expect((await client.ask('GET', '/trainings', undefined, bob)).Trainings).toEqual([]);
  });

  test('that have finished become models', { tags: ['ai-arts/2.3/jobId', 'ai-arts/2.3/one'] }, async () => {
    const id = await client.start({ 'train.sh': 'while [ "$1" != --output_path ]; do shift; done; echo weights > "$2/weights.txt"' });
    expect(await client.ended(id)).toMatchObject({ status: 'finished', exitCode: 0 });
    const made = await client.ask('POST', '/models', { name: randomUUID(), jobId: id });
    const { model, training } = await client.ask('GET', `/models/${made.id}`);
    expect([model.jobId, training.id, training.status]).toEqual([id, id, 'finished']);
    expect(await (await client.fetch(`/models/${made.id}/download`)).text()).toBe('weights\n');
  });
});
