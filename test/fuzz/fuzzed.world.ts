import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { KnownValues, WorldValues } from './document/schema.arbitrary.js';
import { startLabelServer } from './label.server.js';
import type { Address } from './wire/conversation.js';
import { actor, type Actor } from '../testkit/actor.js';
import { AiArtsClient } from '../testkit/ai-arts.client.js';
import { tarGzOf } from '../testkit/archive.js';
import { interconnectWorld, type InterconnectWorld } from '../testkit/interconnect.world.js';
import { INSPECTED } from '../testkit/remote.inspector.js';
import { SAMPLE_IDENTIFIER, sampleReport } from '../testkit/sample.js';
import { LOCAL_ENGINE } from '../testkit/training.js';

/** Things of each kind that the world has, and as many that may be deleted. */
const OF_EACH = 3;
const PASSWORD = 'a password of somebody 1';

/** A platform with something of every kind in it. */
export interface FuzzedWorld extends InterconnectWorld {
  address: Address;
  /** What `Host` says. */
  host: string;
  /** Of members and providers, who are allowed nothing that spoils the platform for the others. */
  credentials: readonly string[];
  /** One that was good. */
  revoked: string;
  /** Values that mean something here, for the operation with this method at this path. */
  valuesAt(method: string, path: string): WorldValues;
  files: readonly { filename: string; bytes: Buffer }[];
  /** Where the platform's processes put what is temporary. */
  temporary: string;
  dispose(): Promise<void>;
}

export async function fuzzedWorld(): Promise<FuzzedWorld> {
  await using opened = new AsyncDisposableStack();
  const labels = opened.use(await startLabelServer());
  const temporary = await mkdtemp(join(tmpdir(), 'hutong-fuzz-'));
  opened.defer(() => rm(temporary, { recursive: true, force: true }));
  const world = await interconnectWorld({
    environment: { ...LOCAL_ENGINE, JOB_APPROVAL: 'true', LABEL_SERVER_URL: labels.url, TMPDIR: temporary, ...INSPECTED, AI_ARTS_USER_SETS: '2000', METRICS: 'true' },
  });
  opened.defer(() => world.platform.dispose());
  const { platform, root, alice, provider } = world;
  const former = await actor(root, 'former');
  await root.ask('mutation ($id: ID!) { deleteUser(id: $id) }', { id: former.userId }).catch(() => root.ask('mutation ($id: ID!) { disableUser(id: $id) { id } }', { id: former.userId }));
  await world.report(sampleReport());
  const tasks = await Promise.all(Array.from({ length: OF_EACH }, () => world.offered()));
  await root.ask('mutation ($input: CreateUserInput!) { createUser(input: $input) { id } }', { input: { username: 'somebody', password: PASSWORD, roles: ['MEMBER'] } });
  const [kept, doomed] = [await things(alice), await things(alice)];
  const { hostname, port } = new URL(platform.legacyUrl);
  const known: KnownValues = {
    computing_id: [SAMPLE_IDENTIFIER],
    task_id: tasks.map(({ taskId }) => taskId),
    computing_resource_id: tasks.map(({ resourceId }) => resourceId),
    gpu_model: tasks.map(({ model }) => model),
    username: ['somebody'],
    password: [PASSWORD],
    startupFile: ['train.sh'],
    codePath: [kept.code],
    datasetPath: [kept.files],
    path: [kept.files, kept.code],
    image: ['small-linux'],
  };
  const ending = opened.move();
  return {
    ...world,
    address: { host: hostname, port: Number(port) },
    host: `${hostname}:${port}`,
    credentials: [alice.credential!, provider.credential!],
    revoked: former.credential!,
    valuesAt: (method, path) => {
      const ids = idsOf(method === 'DELETE' ? doomed : kept, path);
      return { known: ids.length === 0 ? known : { ...known, id: ids }, fixed: { ...FIXED, token: [alice.credential!], ...fixedAt(kept, path) } };
    },
    files: [
      { filename: 'train.sh', bytes: Buffer.from('echo done\n') },
      { filename: '训练.py', bytes: Buffer.from('print(1)\n') },
      { filename: 'data.tar.gz', bytes: await tarGzOf({ 'a.txt': 'a', 'b/c.txt': 'c' }) },
      { filename: 'broken.zip', bytes: Buffer.from('PK\u0003\u0004 and nothing more') },
      { filename: 'x.onnx', bytes: Buffer.from('no model') },
      { filename: 'empty', bytes: Buffer.alloc(0) },
      { filename: 'large.csv', bytes: Buffer.alloc(300_000, '1,2\n') },
    ],
    temporary,
    dispose: () => ending.disposeAsync(),
  };
}

/** What the texts of the contracts ask for beyond a type. */
const FIXED: KnownValues = {
  network_ips: ['10.0.0.1', '10.0.0.1,fe80::1', ''],
  network_ips_available: ['10.0.0.1', ''],
  network_ports: ['80,443', '1-65535', ''],
  network_delay: ['5ms', '1s', 3],
  engine: ['bash'],
  deviceType: ['cpu', undefined],
  cursor: [undefined],
  computing_ids: [SAMPLE_IDENTIFIER],
  observed_at: ['2026-01-01T00:00:00Z', undefined],
  deviceNum: [1, '2', undefined],
  numPs: [1, undefined],
  numPsWorker: [2, undefined],
  params: [{ lr: 0.1, name: 'a b' }, undefined],
};

/** Where one field is right only with another. */
function fixedAt({ models, files }: Things, path: string): KnownValues {
  if (path === '/ai_arts/api/models') return { path: [files], codePath: [undefined], jobId: [undefined] };
  if (path === '/ai_arts/api/inferences') return { modelId: models, model_base_path: [undefined], framework: ['onnx', undefined], device: ['cpu', undefined] };
  return path.endsWith('/recognition') ? { imageId: [undefined] } : {};
}

interface Things {
  codes: string[];
  trainings: string[];
  datasets: number[];
  models: number[];
  inferences: string[];
  code: string;
  files: string;
}

/** Of a member's, so that jobs wait to be approved, and none of them runs. */
async function things(alice: Actor): Promise<Things> {
  const client = new AiArtsClient(alice);
  const code = await client.uploaded('/codes/upload', await tarGzOf({ 'train.sh': 'echo done\n' }), 'code.tar.gz');
  const files = await client.uploaded('/datasets/upload', '1,2\n', 'data.csv');
  const made = <Made>(make: (name: string) => Promise<Made>): Promise<Made[]> => Promise.all(Array.from({ length: OF_EACH }, () => make(crypto.randomUUID())));
  return {
    code,
    files,
    codes: [],
    inferences: [],
    trainings: await made((name) => client.ask('POST', '/trainings', { name, engine: 'bash', codePath: code, startupFile: 'train.sh' })),
    datasets: (await made((name) => client.ask('POST', '/datasets', { name, description: name, path: files }))).map(({ id }) => id),
    models: (await made((name) => client.ask('POST', '/models', { name, path: files }))).map(({ id }) => id),
  };
}

function idsOf(things: Things, path: string): (string | number)[] {
  const kind = /^\/ai_arts\/api\/(codes|trainings|datasets|models|inferences)\//.exec(path)?.[1];
  return kind === undefined ? [] : things[kind as 'codes'];
}
