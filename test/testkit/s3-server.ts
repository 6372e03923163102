import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { DatabaseSync } from 'node:sqlite';

export const BUCKET = 'hutong';

/** A real S3 server of this machine, with an empty bucket. */
export interface S3Server {
  url: string;
  /** Uploads in parts that were begun and neither completed nor aborted. */
  openUploads(): { key: string; id: string }[];
  abortUploads(): Promise<void>;
  /** Ends it at once, as a crash does. */
  kill(): Promise<void>;
  stop(): Promise<void>;
}

export async function startS3Server(): Promise<S3Server> {
  const folder = await mkdtemp(join(tmpdir(), 'hutong-s3-'));
  const child = spawn(process.execPath, ['--import', '@oxc-node/core/register', join(import.meta.dirname, 's3-server.process.ts'), folder, BUCKET], {
    cwd: import.meta.dirname,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [port] = (await once(createInterface({ input: child.stdout }), 'line')) as [string];
  const kill = async (): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, 'exit');
    child.kill('SIGKILL');
    await exited;
  };
  const url = `http://127.0.0.1:${port}`;
  const openUploads = (): { key: string; id: string }[] => {
    const database = new DatabaseSync(join(folder, 'fauxqs.db'), { readOnly: true });
    try {
      return database.prepare('select key, upload_id from s3_multipart_uploads').all().map(({ key, upload_id: id }) => ({ key: String(key), id: String(id) }));
    } finally {
      database.close();
    }
  };
  return {
    url,
    openUploads,
    async abortUploads() {
      for (const { key, id } of openUploads()) await fetch(`${url}/${BUCKET}/${encodeURI(key)}?uploadId=${id}`, { method: 'DELETE', headers: { Authorization: 'AWS4-HMAC-SHA256 Credential=hutong/20260101/us-east-1/s3/aws4_request' } });
    },
    kill,
    async stop() {
      await kill();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
