import { expect, test } from 'vitest';
import { readLocalEngineSettings } from './environment.js';

test('an empty environment gives the documented defaults', () => {
  expect(readLocalEngineSettings({ PATH: '/usr/bin' })).toEqual({
    dataDirectory: expect.stringMatching(/\/\.hutong$/) as string,
    searchPath: '/usr/bin',
    jobPath: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
    cpus: undefined,
    memoryBytes: undefined,
    mostJobs: 10_000,
    user: 'nobody',
    sandbox: 'auto',
    readOnly: [],
  });
});

test('a bad setting is named with its fault and an example', () => {
  expect(() => readLocalEngineSettings({ ENGINE_LOCAL_SANDBOX: 'docker' })).toThrow(/^ENGINE_LOCAL_SANDBOX: expected one of auto, bubblewrap, none.*for example ENGINE_LOCAL_SANDBOX=bubblewrap/);
  expect(() => readLocalEngineSettings({ ENGINE_LOCAL_PATH: 'bin:/usr/bin' })).toThrow('ENGINE_LOCAL_PATH: expected absolute folders');
  expect(() => readLocalEngineSettings({ ENGINE_LOCAL_READ_ONLY: '/srv,conda' })).toThrow('ENGINE_LOCAL_READ_ONLY: expected absolute folders');
  expect(() => readLocalEngineSettings({ ENGINE_LOCAL_MEMORY_MIB: '1' })).toThrow('ENGINE_LOCAL_MEMORY_MIB: expected an integer from 16');
});
