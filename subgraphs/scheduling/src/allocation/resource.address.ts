import { isIP } from 'node:net';
import type { ResourceAddress } from '../foreign/compute-registry.peer.js';
import { noAddress } from '../errors.js';
import { fillTemplate, type Placeholder } from '../provider/url-template.js';

const first = (list: string): string => list.split(',', 1)[0]?.trim() ?? '';

/** The first available address of a resource; NO_ADDRESS when it has none. */
function firstIp({ id, networkIpsAvailable }: ResourceAddress): string {
  const ip = first(networkIpsAvailable);
  if (isIP(ip) === 0) throw noAddress({ resourceId: id, missing: 'available address' });
  return ip;
}

/** The first port of a resource, of a range its first; NO_ADDRESS when it has none. */
function firstPort({ id, networkPorts }: ResourceAddress): string {
  const port = Number(/^(\d{1,5})(?:\s*-\s*\d{1,5})?$/.exec(first(networkPorts))?.[1]);
  if (!Number.isInteger(port) || port < 1 || port > 65_535) throw noAddress({ resourceId: id, missing: 'port' });
  return String(port);
}

/** `http://<first available ip>:<first port>`, the port always written, IPv6 in brackets. */
export function plainUrl(resource: ResourceAddress): string {
  const ip = firstIp(resource);
  return `http://${ip.includes(':') ? `[${ip}]` : ip}:${firstPort(resource)}`;
}

/** A provider's URL template filled for a task; NO_ADDRESS when it names an address or a port that there is not. */
export function templateUrl(template: string, resource: ResourceAddress, taskId: number): string {
  const values: Record<Placeholder, () => string> = {
    ip: () => firstIp(resource),
    port: () => firstPort(resource),
    task_id: () => String(taskId),
    computing_resource_id: () => String(resource.id),
    computing_id: () => resource.computingId,
  };
  return fillTemplate(template, (name) => values[name]());
}
