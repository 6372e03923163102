import type { z } from 'zod';
import type { ticketAnswer } from './answer.shapes.js';

export interface LogInData {
  logIn: { ticket: string; csrfPreventionToken: string; expiresAt: string; user: { username: string } };
}

interface MachineNode {
  id: string;
  name: string | null;
  cpus: number;
  status: 'RUNNING' | 'STOPPED';
  memoryBytes: number;
  gpu: string;
  ip: string;
  maxDiskBytes: number | null;
  attributes: Record<string, unknown> | null;
}

export interface MachinesData {
  machines: { nodes: MachineNode[]; pageInfo: { hasNextPage: boolean; endCursor: string | null } };
}

/** The session as `POST /api/ticket` shows it. */
export function ticket({ logIn }: LogInData): z.output<typeof ticketAnswer> {
  return {
    CSRFPreventionToken: logIn.csrfPreventionToken,
    ticket: logIn.ticket,
    username: logIn.user.username,
    expires_at: logIn.expiresAt,
  };
}

/** A machine as `GET /api/info` shows it: the document's fields first, then every other one its record has. */
export function machine({ id, cpus, status, memoryBytes, gpu, ip, name, maxDiskBytes, attributes }: MachineNode): object {
  const fields = {
    id: Number(id),
    cpus,
    status: status.toLowerCase(),
    mem: memoryBytes,
    GPU: gpu,
    ip,
    ...(name === null ? {} : { name }),
    ...(maxDiskBytes === null ? {} : { maxdisk: maxDiskBytes }),
  };
  const others = Object.entries(attributes ?? {}).filter(([field]) => !OF_THE_DOCUMENT.has(field));
  return { ...fields, ...Object.fromEntries(others) };
}

/** What else a record has is of no such name, also where it does not say one of these. */
const OF_THE_DOCUMENT: ReadonlySet<string> = new Set(['id', 'cpus', 'status', 'mem', 'GPU', 'ip', 'name', 'maxdisk']);

/** All pages of the inventory as one. */
export const machinePages = {
  next({ machines: { pageInfo } }: MachinesData) {
    return pageInfo.hasNextPage && pageInfo.endCursor !== null ? { after: pageInfo.endCursor } : undefined;
  },
  join(pages: MachinesData[]): MachinesData {
    return { machines: { nodes: pages.flatMap((page) => page.machines.nodes), pageInfo: { hasNextPage: false, endCursor: null } } };
  },
};
