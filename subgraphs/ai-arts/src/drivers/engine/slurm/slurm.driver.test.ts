import { randomUUID } from 'node:crypto';
import { chmod, link, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ScriptedSlurm } from '../../../testkit/scripted.slurm.js';
import type { EngineJobReference, EngineJobSpec } from '../engine.js';
import { SlurmDriver } from './slurm.driver.js';
import type { SlurmSettings } from './slurm.settings.js';

// Versions of Slurm that no package has, and what a real one does not do on demand.

const MIB = 1024 ** 2;
const { signal } = new AbortController();
let slurm: ScriptedSlurm;
let driver: SlurmDriver;
let folder: string;
let tokens: string;
let said: unknown[];

const jwt = (content: object): string => ['{}', JSON.stringify(content), 'signature'].map((part) => Buffer.from(part).toString('base64url')).join('.');
const nowSeconds = (): number => Math.floor(Date.now() / 1_000);

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'hutong-slurm-driver-'));
  tokens = path.join(folder, 'tokens');
  said = [];
  await writeFile(tokens, `SLURM_JWT=${jwt({ exp: nowSeconds() + 3_600 })}\n`);
});
afterEach(async () => {
  await driver.close();
  await slurm.stop();
  await rm(folder, { recursive: true, force: true });
});

async function open(versions: string[], settings: Partial<SlurmSettings> = {}): Promise<void> {
  slurm = await ScriptedSlurm.start(...versions);
  const log = { info: (...words: unknown[]) => void said.push(words), warn: (...words: unknown[]) => void said.push(words) };
  driver = new SlurmDriver(slurm.settings({ tokenFile: tokens, ...settings }), { installation: 'here', log });
}

async function newSpec(over: Partial<EngineJobSpec> = {}): Promise<EngineJobSpec> {
  const id = randomUUID();
  const own = path.join(folder, id);
  await mkdir(own);
  return { id, name: 'mnist', argv: ['true'], environment: {}, folder: own, workingFolder: own, readOnly: [], tasks: 1, cpus: 2, memoryBytes: 100 * MIB, gpus: 0, gpuModel: null, timeLimitSeconds: null, network: true, ...over };
}

const reference = ({ id, folder: own, tasks }: EngineJobSpec, engineId: string | null = '7'): EngineJobReference => ({ id, engineId, folder: own, tasks });
const comment = (id: string): string => `hutong here ${id} mnist`;

/** What slurm/job.sh writes. */
async function record(spec: EngineJobSpec, name: string, words: string): Promise<void> {
  await mkdir(path.join(spec.folder, `.slurm-${spec.id}`), { recursive: true });
  await writeFile(path.join(spec.folder, `.slurm-${spec.id}`, name), `${words}\n`);
}

const submittedAs = (version: number): unknown => (slurm.asked(`POST /slurm/v0.0.${version}/job/submit`)[0]!.content as { job: unknown }).job;

test('a job is submitted in the words of old versions and of new ones', async () => {
  await open(['slurm/v0.0.38']);
  const spec = await newSpec({ timeLimitSeconds: 90, gpus: 1, gpuModel: 'a100' });
  slurm.answers.set('POST /slurm/v0.0.38/job/submit', { body: { job_id: 7 } });
  expect(await driver.submit(spec, signal)).toEqual({ engineId: '7' });
  const variables = { PATH: '/usr/bin:/bin', HOME: spec.folder, HUTONG_JOB: spec.id, HUTONG_CONTROL: `${spec.folder}/.slurm-${spec.id}` };
  expect(submittedAs(38)).toMatchObject({ name: `hutong-${spec.id}`, comment: comment(spec.id), memory_per_node: 100, time_limit: 4, cpus_per_task: 2, tasks: 1, gres: 'gpu:a100:1', no_requeue: true, environment: variables });
  await driver.close();
  await slurm.stop();
  for (const version of [39, 40, 41, 42]) {
    await open(['slurm/v0.0.38', `slurm/v0.0.${version}`, 'slurm/v0.0.99'], { partition: 'main', account: 'school', qos: 'high' });
    const other = await newSpec({ timeLimitSeconds: 90, gpus: 2, gpuModel: 'a100', tasks: 2 });
    slurm.answers.set(`POST /slurm/v0.0.${version}/job/submit`, { body: { job_id: version } });
    expect(await driver.submit(other, signal)).toEqual({ engineId: String(version) });
    const gpu = version < 41 ? 'gres:gpu:a100:2' : 'gres/gpu:a100:2';
    const number = (value: number) => ({ set: true, infinite: false, number: value });
    expect(submittedAs(version)).toMatchObject({ memory_per_cpu: number(50), time_limit: number(4), tres_per_task: gpu, requeue: false, partition: 'main', account: 'school', qos: 'high' });
    expect((submittedAs(version) as { environment: string[] }).environment).toContain(`HUTONG_JOB=${other.id}`);
    await driver.close();
    await slurm.stop();
  }
  await open(['slurm/v0.0.38']);
});

const number = (value: number): object => ({ set: true, infinite: false, number: value });

test.each([
  [38, { job_state: 'RUNNING', start_time: 1_000, exit_code: 0, state_reason: 'None' }],
  [39, { job_state: 'RUNNING', start_time: number(1_000), exit_code: number(0), state_reason: 'None' }],
  [42, { job_state: ['RUNNING'], start_time: number(1_000), exit_code: { status: ['SUCCESS'], return_code: number(0), signal: { id: { set: false, infinite: false, number: 0 }, name: '' } }, state_reason: 'None' }],
])('v0.0.%i tells of a job that runs, and where', async (version, told) => {
  await open([`slurm/v0.0.${version}`]);
  const spec = await newSpec();
  slurm.answers.set(`GET /slurm/v0.0.${version}/job/7`, { body: { jobs: [{ job_id: 7, name: `hutong-${spec.id}`, comment: comment(spec.id), batch_host: 'n1', ...told }] } });
  expect(await driver.look([reference(spec)], signal)).toEqual([
    { id: spec.id, state: 'RUNNING', engineId: '7', neverBegun: false, reason: null, end: null, exitCode: null, signal: null, startedAt: new Date(1_000_000), endedAt: null, host: '10.0.0.1' },
  ]);
});

test.each([
  [{ job_state: 'PENDING', state_reason: 'Resources' }, { state: 'QUEUED', reason: 'it waits until what it needs is free (Resources)' }],
  [{ job_state: 'PENDING', state_reason: 'Licenses' }, { state: 'QUEUED', reason: 'Licenses' }],
  [{ job_state: ['RUNNING', 'CONFIGURING'] }, { state: 'SCHEDULING' }],
  [{ job_state: ['SUSPENDED'] }, { state: 'RUNNING', reason: 'Slurm has suspended it' }],
  [{ job_state: ['COMPLETED', 'COMPLETING'] }, { state: 'RUNNING', end: null }],
  [{ job_state: ['TIMEOUT'] }, { state: 'ENDED', end: 'TIME_LIMIT' }],
  [{ job_state: ['OUT_OF_MEMORY'] }, { state: 'ENDED', end: 'MEMORY' }],
  [{ job_state: ['NODE_FAIL'], state_reason: 'NodeDown' }, { state: 'ENDED', end: 'LOST', reason: 'Slurm calls it NODE_FAIL: NodeDown' }],
  [{ job_state: ['PREEMPTED'] }, { state: 'ENDED', end: 'LOST' }],
  [{ job_state: ['CANCELLED'] }, { state: 'ENDED', end: 'STOPPED' }],
  [{ job_state: 'FAILED', state_reason: 'JobLaunchFailure' }, { state: 'ENDED', end: 'LOST', reason: 'Slurm could not start it: JobLaunchFailure' }],
])('Slurm says %o', async (told, view) => {
  await open(['slurm/v0.0.40']);
  const spec = await newSpec();
  slurm.answers.set('GET /slurm/v0.0.40/job/7', { body: { jobs: [{ job_id: 7, name: `hutong-${spec.id}`, comment: comment(spec.id), ...told }] } });
  expect(await driver.look([reference(spec)], signal)).toMatchObject([view]);
});

test.each([
  [0x0300, 'EXITED', 3, null],
  [{ return_code: number(3) }, 'EXITED', 3, null],
  [11, 'SIGNALLED', null, 'SIGSEGV'],
  [{ return_code: number(0), signal: { id: number(9), name: 'KILL' } }, 'SIGNALLED', null, 'SIGKILL'],
  [{ return_code: 0, signal: { signal_id: 9, name: 'KILL' } }, 'SIGNALLED', null, 'SIGKILL'],
  [{ return_code: number(134), signal: null }, 'SIGNALLED', null, 'SIGABRT'],
])('an exit told as %o', async (exit, end, exitCode, name) => {
  await open(['slurm/v0.0.40']);
  const spec = await newSpec();
  await record(spec, 'claim', '7 1000 n1');
  slurm.answers.set('GET /slurm/v0.0.40/job/7', { body: { jobs: [{ job_id: 7, name: `hutong-${spec.id}`, comment: comment(spec.id), job_state: ['FAILED'], exit_code: exit }] } });
  expect(await driver.look([reference(spec)], signal)).toMatchObject([{ end, exitCode, signal: name }]);
});

const unknown = { status: 500, body: { errors: [{ error: 'Invalid job id specified', error_number: 2017 }] } };

test('how a job ended that Slurm has forgotten is known by what its batch script wrote down', async () => {
  await open(['slurm/v0.0.40']);
  slurm.answers.set('GET /slurm/v0.0.40/job/7', unknown);
  const spec = await newSpec();
  await record(spec, 'claim', '7 1000 n1');
  await record(spec, 'end', '7 2000 exited 4');
  await record(spec, 'command', '');
  const ended = { state: 'ENDED', end: 'EXITED', exitCode: 4, startedAt: new Date(1_000_000), endedAt: new Date(2_000_000), host: '10.0.0.1', engineId: '7' };
  expect(await driver.look([reference(spec)], signal)).toMatchObject([ended]);
  expect(await driver.look([reference(spec, null)], signal)).toMatchObject([ended]);
  expect(await driver.submit(spec, signal)).toEqual({ engineId: '7' });
});

test('one that wrote nothing down is told by the accounting database, else it is lost; one that never began is gone', async () => {
  await open(['slurm/v0.0.40', 'slurmdb/v0.0.40']);
  slurm.answers.set('GET /slurm/v0.0.40/job/7', unknown);
  const spec = await newSpec();
  await record(spec, 'claim', '7 1000 n1');
  const remembered = { job_id: 7, name: `hutong-${spec.id}`, comment: { job: '' }, state: { current: ['NODE_FAIL'], reason: 'NodeDown' }, exit_code: { return_code: number(0) }, time: { submission: 900, start: 1_000, end: 2_000 }, nodes: 'n1' };
  slurm.answers.set('GET /slurmdb/v0.0.40/job/7', { body: { jobs: [remembered] } });
  expect(await driver.look([reference(spec)], signal)).toMatchObject([{ state: 'ENDED', end: 'LOST', reason: 'Slurm calls it NODE_FAIL: NodeDown', endedAt: new Date(2_000_000) }]);
  slurm.answers.set('GET /slurmdb/v0.0.40/job/7', { body: { jobs: [] } });
  expect(await driver.look([reference(spec)], signal)).toMatchObject([{ state: 'ENDED', end: 'LOST', reason: 'Slurm has forgotten job 7, which left no word of its end' }]);
  expect(await driver.look([reference(await newSpec())], signal)).toMatchObject([{ state: 'GONE', neverBegun: false }]);
});

test('one that was submitted and that slurmctld has lost was never begun unless its batch script says so, whatever the accounting database believes, and is submitted again', async () => {
  await open(['slurm/v0.0.40', 'slurmdb/v0.0.40']);
  const spec = await newSpec();
  await record(spec, 'command', '');
  await record(spec, 'submitted', '7');
  slurm.answers.set('GET /slurm/v0.0.40/job/7', unknown);
  slurm.answers.set('GET /slurm/v0.0.40/jobs', { body: { jobs: [] } });
  slurm.answers.set('GET /slurmdb/v0.0.40/job/7', { body: { jobs: [{ job_id: 7, name: `hutong-${spec.id}`, state: { current: ['PENDING'], reason: 'None' }, time: { submission: 900, start: 0, end: 0 } }] } });
  slurm.answers.set('POST /slurm/v0.0.40/job/submit', { body: { job_id: 8 } });
  expect(await driver.look([reference(spec)], signal)).toMatchObject([{ state: 'GONE', neverBegun: true }]);
  expect(await driver.submit(spec, signal)).toEqual({ engineId: '8' });
  slurm.answers.set('GET /slurm/v0.0.40/job/8', unknown);
  await record(spec, 'claim', '8 1000 n1');
  expect(await driver.look([reference(spec)], signal)).toMatchObject([{ state: 'ENDED', end: 'LOST', neverBegun: false }]);
  expect(await driver.submit(spec, signal)).toEqual({ engineId: '8' });
  expect(slurm.asked('POST')).toHaveLength(1);
});

test('a number that Slurm has given to somebody else is not taken for ours', async () => {
  await open(['slurm/v0.0.40']);
  const spec = await newSpec();
  for (const job of [{ name: 'theirs', comment: '' }, { name: `hutong-${spec.id}`, comment: `hutong elsewhere ${spec.id} mnist` }]) {
    slurm.answers.set('GET /slurm/v0.0.40/job/7', { body: { jobs: [{ job_id: 7, job_state: ['RUNNING'], ...job }] } });
    expect(await driver.look([reference(spec)], signal)).toMatchObject([{ state: 'GONE' }]);
  }
});

test('what a job puts in the place of its files is not read: links, and other names of files', async () => {
  await open(['slurm/v0.0.40']);
  slurm.answers.set('GET /slurm/v0.0.40/job/7', unknown);
  const spec = await newSpec();
  const secret = path.join(folder, 'secret');
  await writeFile(secret, 'of somebody');
  await record(spec, 'claim', '7 1000 n1');
  const log = path.join(spec.folder, `.slurm-${spec.id}`, 'log.0');
  for (const make of [symlink, link]) {
    await make(secret, log);
    expect((await driver.log(reference(spec), { task: 0, from: 0, most: 100 }, signal)).sizeBytes).toBe(0);
    await rm(log);
  }
  await rm(path.join(spec.folder, `.slurm-${spec.id}`), { recursive: true });
  await symlink(folder, path.join(spec.folder, `.slurm-${spec.id}`));
  await expect(driver.log(reference(spec), { task: 0, from: 0, most: 100 }, signal)).rejects.toMatchObject({ fault: 'NOT_FOUND' });
});

test.each([
  [{ status: 401, body: 'Authentication failure' }, 'UNAUTHORIZED'],
  [{ status: 500, body: { errors: [{ error: 'Unspecified error', errno: -1 }] } }, 'UNREACHABLE'],
  [{ status: 500, body: { errors: [{ error: 'Unable to contact slurm controller (connect failure)', error_number: 1800 }] } }, 'UNREACHABLE'],
  [{ status: 502, body: '<html><head><title>x</title></head>Bad Gateway</html>' }, 'UNREACHABLE'],
  [{ status: 500, body: 'oops' }, 'FAILED'],
  [{ body: 'not JSON' }, 'UNREACHABLE'],
  [{ body: { jobs: 'all' } }, 'UNREACHABLE'],
])('an answer %o to a look is a fault, and not the end of a job', async (answer, fault) => {
  await open(['slurm/v0.0.40']);
  slurm.answers.set('GET /slurm/v0.0.40/job/7', answer);
  await expect(driver.look([reference(await newSpec())], signal)).rejects.toMatchObject({ fault });
});

test.each([
  [2000, 'MISCONFIGURED'],
  [2045, 'MISCONFIGURED'],
  [2066, 'MISCONFIGURED'],
  [2014, 'INVALID'],
  [2050, 'QUOTA'],
  [11, 'QUOTA'],
  [2002, 'UNAUTHORIZED'],
])("Slurm's error %i refuses a submit, which is not repeated", async (errorNumber, fault) => {
  await open(['slurm/v0.0.40']);
  slurm.answers.set('POST /slurm/v0.0.40/job/submit', { status: 500, body: { errors: [{ error: 'words of Slurm', error_number: errorNumber }] } });
  await expect(driver.submit(await newSpec(), signal)).rejects.toMatchObject({ fault, message: expect.stringContaining('words of Slurm') as string });
  expect(slurm.asked('POST')).toHaveLength(1);
});

test('a token is taken from its file again when it was refused, and before it ends', async () => {
  await open(['slurm/v0.0.40']);
  slurm.answers.set('GET /slurm/v0.0.40/jobs', { body: { jobs: [] } });
  await writeFile(tokens, jwt({ exp: nowSeconds() - 1 }));
  await driver.listOurs(signal);
  const next = jwt({ exp: nowSeconds() + 3_600 });
  await writeFile(tokens, next);
  await driver.listOurs(signal);
  expect(slurm.asked('GET /slurm/v0.0.40/jobs').at(-1)!.token).toBe(next);
  await driver.listOurs(signal);
  await writeFile(tokens, 'nonsense');
  await driver.listOurs(signal);
  expect(slurm.asked('GET /slurm/v0.0.40/jobs').at(-1)!.token).toBe(next);
});

test('a token comes from scontrol where there is no file, and what scontrol says is told', async () => {
  const scontrol = path.join(folder, 'scontrol');
  const token = jwt({ exp: nowSeconds() + 3_600 });
  await writeFile(scontrol, `#!/bin/sh\necho "$@" >>${folder}/asked\necho SLURM_JWT=${token}\n`);
  await chmod(scontrol, 0o755);
  await open(['slurm/v0.0.40'], { tokenFile: undefined, scontrol, user: 'trainer' });
  slurm.answers.set('GET /slurm/v0.0.40/jobs', { body: { jobs: [] } });
  await Promise.all([driver.listOurs(signal), driver.listOurs(signal)]);
  expect(slurm.heard.map((heard) => heard.token)).toEqual(slurm.heard.map(() => token));
  expect(await readFile(path.join(folder, 'asked'), 'utf8')).toBe('token username=trainer lifespan=3600\n');
  await driver.close();
  await slurm.stop();
  await writeFile(scontrol, '#!/bin/sh\necho "Access/permission denied" >&2\nexit 1\n');
  await open(['slurm/v0.0.40'], { tokenFile: undefined, scontrol });
  await expect(driver.listOurs(signal)).rejects.toMatchObject({ fault: 'UNAUTHORIZED', message: expect.stringContaining('permission denied') as string });
});

test('a slurmrestd without a version that we know is named as what is wrong', async () => {
  await open(['slurm/v0.0.37', 'slurm/v0.0.99']);
  expect(await driver.status(signal)).toMatchObject({ ready: false, message: expect.stringMatching(/v0\.0\.38 to v0\.0\.44/) as string });
});

test('what there is and what is free of it are counted on machines that take jobs', async () => {
  await open(['slurm/v0.0.40'], { partition: 'main' });
  expect(await driver.status(signal)).toEqual({ ready: true, message: null, isolated: false, total: { cpus: 8, memoryBytes: 4096 * MIB, gpus: 4 }, free: { cpus: 6, memoryBytes: 3072 * MIB, gpus: 3 } });
  slurm.answers.set('GET /slurm/v0.0.40/nodes', { body: { nodes: [{ name: 'n1', state: ['IDLE', 'DRAIN'], partitions: ['main'], cpus: 8, real_memory: 4096 }] } });
  expect(await driver.status(signal)).toMatchObject({ ready: false, total: { cpus: 0 } });
  slurm.answers.set('GET /slurm/v0.0.40/partitions', { body: { partitions: [{ name: 'gpu' }] } });
  expect(await driver.status(signal)).toMatchObject({ ready: false, message: expect.stringContaining('ENGINE_SLURM_PARTITION') as string });
});

test('of jobs that were submitted twice the waiting one is cancelled, and both are told as one', async () => {
  await open(['slurm/v0.0.40']);
  const spec = await newSpec();
  await record(spec, 'command', '');
  await record(spec, 'claim', '8 1000 n1');
  const job = (id: number, state: string) => ({ job_id: id, name: `hutong-${spec.id}`, comment: comment(spec.id), job_state: [state], standard_output: `${spec.folder}/.slurm-${spec.id}/log.0` });
  slurm.answers.set('GET /slurm/v0.0.40/jobs', { body: { jobs: [job(9, 'PENDING'), job(8, 'RUNNING')] } });
  slurm.answers.set('DELETE /slurm/v0.0.40/job/9', { body: {} });
  expect(await driver.listOurs(signal)).toMatchObject([{ id: spec.id, engineId: '8', hasEnded: false }]);
  expect(slurm.asked('DELETE').map(({ line }) => line)).toEqual(['DELETE /slurm/v0.0.40/job/9']);
  expect(said).toHaveLength(1);
});
