import { chmod, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LocalEngineDriver } from '@hutong/ai-arts/drivers/engine/local';
import { readLocalEngineSettings } from '@hutong/ai-arts/drivers/engine/local/environment';
import { silentLog } from '@hutong/common';
import type { EngineUnderTest } from './engine.contract.js';

type Settings = ReturnType<typeof readLocalEngineSettings>;

/** The engine of this host, with a data folder of its own. */
export interface LocalEngineUnderTest extends EngineUnderTest {
  dataDirectory: string;
  settings: Settings;
  open(settings?: Partial<Settings>): Promise<LocalEngineDriver>;
  /** The id of the process that keeps a job. */
  keeperOf(id: string): Promise<number>;
  remove(): Promise<void>;
}

export async function localEngine(sandbox: Settings['sandbox'], over: Partial<Settings> = {}): Promise<LocalEngineUnderTest> {
  const dataDirectory = await openFolder(join(tmpdir(), 'hutong-engine-'));
  const settings: Settings = { ...readLocalEngineSettings({ PATH: process.env.PATH, HUTONG_DATA_DIR: dataDirectory, ENGINE_LOCAL_SANDBOX: sandbox, ENGINE_LOCAL_CPUS: '2', ENGINE_LOCAL_MEMORY_MIB: '2048' }), ...over };
  const keeperOf = async (id: string) => (JSON.parse(await readFile(join(dataDirectory, 'ai-arts', 'engine', id, 'keeper.json'), 'utf8')) as { keeper: { pid: number } }).keeper.pid;
  return {
    dataDirectory,
    settings,
    open: (more = {}) => LocalEngineDriver.open({ ...settings, ...more }, { installation: 'test', log: silentLog }),
    newFolder: () => openFolder(join(dataDirectory, 'job-')),
    keeperOf,
    loseJob: async ({ id }) => void process.kill(await keeperOf(id), 'SIGKILL'),
    isolates: sandbox === 'bubblewrap',
    limitsMemory: true,
    timeLimitSeconds: 1,
    remove: () => rm(dataDirectory, { recursive: true, force: true }),
  };
}

/** One that every user may enter. */
async function openFolder(prefix: string): Promise<string> {
  const folder = await mkdtemp(prefix);
  await chmod(folder, 0o755);
  return folder;
}
