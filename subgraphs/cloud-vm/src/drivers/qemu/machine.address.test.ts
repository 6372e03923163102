import { once } from 'node:events';
import { createServer } from 'node:net';
import { expect, test } from 'vitest';
import { addressesFor, mapPorts } from './machine.address.js';

function first(id: string, count: number): string[] {
  const addresses = addressesFor(id);
  return Array.from({ length: count }, () => addresses.next().value as string);
}

test('a machine tries the same addresses each time, others try others, and all are usable', () => {
  expect(first('one', 5)).toEqual(first('one', 5));
  expect(first('one', 5)).not.toEqual(first('two', 5));
  for (const address of first('one', 500)) expect(address).toMatch(/^127\.77\.\d{1,3}\.(?!0$|255$)\d{1,3}$/);
});

test.runIf(process.platform === 'linux')('a port that is taken is found 20,000 higher, or that much lower near the end', async () => {
  const address = first(`ports ${process.pid}`, 1)[0]!;
  const servers = [12_345, 60_000].map((port) => createServer().listen(port, address));
  await Promise.all(servers.map((server) => once(server, 'listening')));
  expect(await mapPorts(address, [12_345, 60_000, 12_346])).toEqual([
    { guestPort: 12_345, hostPort: 32_345 },
    { guestPort: 60_000, hostPort: 40_000 },
    { guestPort: 12_346, hostPort: 12_346 },
  ]);
  const more = createServer().listen(32_345, address);
  await once(more, 'listening');
  expect(await mapPorts(address, [12_345])).toBeNull();
  for (const server of [...servers, more]) server.close();
});
