import { CloudError, type CloudFlavor } from '../driver.js';

const MIB = 1024 ** 2;
const GIB = 1024 ** 3;

/** The sizes of machines on this host, smallest first, as OpenStack has named them from its beginnings. */
export const QEMU_FLAVORS: readonly CloudFlavor[] = [
  { id: 'm1.tiny', name: 'm1.tiny', cpus: 1, memoryBytes: 512 * MIB, diskBytes: GIB },
  { id: 'm1.small', name: 'm1.small', cpus: 1, memoryBytes: 2 * GIB, diskBytes: 20 * GIB },
  { id: 'm1.medium', name: 'm1.medium', cpus: 2, memoryBytes: 4 * GIB, diskBytes: 40 * GIB },
  { id: 'm1.large', name: 'm1.large', cpus: 4, memoryBytes: 8 * GIB, diskBytes: 80 * GIB },
];

/** The flavor of this id; INVALID_FLAVOR when there is none. */
export function flavorOf(id: string): CloudFlavor {
  const flavor = QEMU_FLAVORS.find((one) => one.id === id);
  if (!flavor) throw new CloudError('INVALID_FLAVOR', `there is no flavor ${id.slice(0, 80)}; there are ${QEMU_FLAVORS.map((one) => one.id).join(', ')}`);
  return flavor;
}
