import { expect, test } from 'vitest';
import { NetworkPolicy } from './network.policy.js';

test('public addresses are permitted', () => {
  const policy = new NetworkPolicy([]);
  for (const address of ['8.8.8.8', '1.1.1.1', '203.0.112.1', '2606:4700::1111', '::ffff:8.8.8.8']) expect(policy.permits(address), address).toBe(true);
});

test('no special range is permitted, however it is written', () => {
  const policy = new NetworkPolicy([]);
  const special = [
    '0.0.0.0', '10.1.2.3', '100.64.0.1', '127.0.0.1', '127.255.255.254', '169.254.169.254', '172.16.0.1', '172.31.255.255', '192.0.0.1',
    '192.0.2.1', '192.168.0.1', '198.18.0.1', '198.51.100.7', '203.0.113.9', '224.0.0.1', '240.0.0.1', '255.255.255.255',
    '::', '::1', '::127.0.0.1', '::ffff:127.0.0.1', '::ffff:10.0.0.1', '::ffff:169.254.169.254', '64:ff9b::7f00:1', '64:ff9b:1::1', '100::1', '2001::1',
    '2001:db8::1', '2002:7f00:1::', 'fc00::1', 'fd12:3456::1', 'fe80::1', 'fe80::1%eth0', 'fec0::1', 'ff02::1', '4000::1',
    '', 'localhost', 'not an address', '1.2.3', '1.2.3.4.5',
  ];
  for (const address of special) expect(policy.permits(address), address).toBe(false);
});

test('a setting permits its networks and nothing beside them', () => {
  const policy = new NetworkPolicy(['10.20.0.0/16', 'fd00::/8']);
  for (const address of ['10.20.0.1', '::ffff:10.20.0.1', 'fd12::1']) expect(policy.permits(address), address).toBe(true);
  for (const address of ['10.21.0.1', '127.0.0.1', 'fc00::1', '::1']) expect(policy.permits(address), address).toBe(false);
});
