import { expect, test } from 'vitest';
import { readQemuSettings } from './environment.js';

test('an empty environment gives the documented defaults', () => {
  expect(readQemuSettings({ PATH: '/usr/bin' })).toEqual({
    dataDirectory: expect.stringMatching(/\/\.hutong$/) as string,
    searchPath: '/usr/bin',
    ports: [22, 80, 3389, 5900],
    user: 'nobody',
    shutdownMs: 30_000,
    memoryBytes: undefined,
    cpuOvercommit: 4,
  });
});

test('ports are added to those that every machine has, each once', () => {
  expect(readQemuSettings({ CLOUD_QEMU_PORTS: '8080, 80,443' }).ports).toEqual([22, 80, 3389, 5900, 8080, 443]);
});

test('a bad setting is named with its fault and an example', () => {
  expect(() => readQemuSettings({ CLOUD_QEMU_PORTS: '80,http' })).toThrow(/^CLOUD_QEMU_PORTS: expected ports from 1 to 65535.*for example CLOUD_QEMU_PORTS=443,8080/);
  expect(() => readQemuSettings({ CLOUD_QEMU_MEMORY_MIB: '1' })).toThrow('CLOUD_QEMU_MEMORY_MIB: expected an integer from 64');
});
