import { statfsSync } from 'node:fs';
import { totalmem } from 'node:os';

const MEGABYTE = 1024 * 1024;

/**
 * The server settings of the embedded database, as `name=value`. They are given on the command line at every start and
 * not kept in the cluster, so a newer Hutong's settings reach an older database. Nothing acknowledged is ever lost:
 * fsync and synchronous_commit stay on.
 */
export function serverSettings(port: number): string[] {
  const memory = Math.floor(totalmem() / MEGABYTE);
  const settings: Record<string, string | number> = {
    listen_addresses: '127.0.0.1',
    port,
    // A socket's path may have 107 bytes only, and a data folder may lie deeper.
    unix_socket_directories: '',
    // Of several workers each may have a hundred at the most.
    max_connections: 500,
    shared_buffers: `${Math.min(Math.max(Math.floor(memory / 16), 128), 512)}MB`,
    effective_cache_size: `${Math.max(Math.floor(memory / 2), 256)}MB`,
    work_mem: '16MB',
    maintenance_work_mem: '128MB',
    max_wal_size: '2GB',
    random_page_cost: 1.1,
    jit: 'off',
    fsync: 'on',
    synchronous_commit: 'on',
    timezone: 'UTC',
    log_timezone: 'UTC',
    lc_messages: 'C',
    log_checkpoints: 'off',
    logging_collector: 'off',
    dynamic_shared_memory_type: hasSharedMemory() ? 'posix' : 'mmap',
  };
  if (process.platform === 'win32') {
    delete settings['unix_socket_directories'];
    settings['dynamic_shared_memory_type'] = 'windows';
  }
  return Object.entries(settings).map(([name, value]) => `${name}=${value}`);
}

/** A container's /dev/shm is often 64 MB, on which a parallel query fails; files in the cluster do instead. */
function hasSharedMemory(): boolean {
  if (process.platform !== 'linux') return true;
  try {
    const { bsize, blocks } = statfsSync('/dev/shm');
    return bsize * blocks >= 256 * MEGABYTE;
  } catch {
    return false;
  }
}
