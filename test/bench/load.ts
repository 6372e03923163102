import { Pool } from 'undici';

export interface LoadTarget {
  url: string;
  path: string;
  headers?: Record<string, string>;
}

const CONNECTIONS = 16;

/** Requests per second that a server answers to 16 callers who wait for each answer; every answer must be 200. */
export async function requestsPerSecond({ url, path, headers = {} }: LoadTarget, milliseconds: number): Promise<number> {
  const pool = new Pool(url, { connections: CONNECTIONS, pipelining: 1 });
  let answered = 0;
  const end = performance.now() + milliseconds;
  const caller = async (): Promise<void> => {
    while (performance.now() < end) {
      const { statusCode, body } = await pool.request({ path, method: 'GET', headers });
      await body.dump();
      if (statusCode !== 200) throw new Error(`${url}${path} answered ${statusCode}`);
      answered += 1;
    }
  };
  const start = performance.now();
  await Promise.all(Array.from({ length: CONNECTIONS }, caller));
  const seconds = (performance.now() - start) / 1_000;
  await pool.close();
  return answered / seconds;
}
