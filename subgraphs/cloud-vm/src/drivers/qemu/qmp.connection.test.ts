import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Socket } from 'node:net';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { QmpConnection } from './qmp.connection.js';

describe.runIf(process.platform === 'linux')('the connection to a QEMU', () => {
  let folder: string;
  let sockets: Socket[];
  const { signal } = new AbortController();
  const closing: (() => void)[] = [];

  beforeEach(async () => {
    sockets = [];
    // Longer than the path of a socket may be.
    folder = join(await mkdtemp(join(tmpdir(), 'hutong-qmp-')), 'x'.repeat(120));
    await mkdir(folder);
  });

  afterEach(async () => {
    for (const close of closing.splice(0)) close();
    await rm(join(folder, '..'), { recursive: true });
  });

  /** A monitor that answers each command by what `answer` says; undefined: not at all. */
  async function monitor(answer: (command: string) => object | 'nonsense' | undefined): Promise<void> {
    const server = createServer((socket) => {
      sockets.push(socket);
      socket.write('{"QMP": {"version": {}}}\r\n');
      let text = '';
      let last = Promise.resolve();
      const write = (line: string) => {
        last = last.then(() => writeInPieces(socket, line));
      };
      socket.on('error', () => undefined);
      socket.on('data', (data) => {
        text += String(data);
        const lines = text.split('\n');
        text = lines.pop()!;
        for (const line of lines) {
          const { execute, id } = JSON.parse(line) as { execute: string; id: number };
          const reply = execute === 'qmp_capabilities' ? { return: {} } : answer(execute);
          write('{"event": "RESUME"}');
          if (reply === 'nonsense') write('{"return": nonsense}');
          else if (reply) write(JSON.stringify({ ...reply, id }));
        }
      });
    });
    // From within the folder, as QEMU does it: only the short name fits.
    const before = process.cwd();
    process.chdir(folder);
    server.listen('qmp.sock');
    await once(server, 'listening');
    process.chdir(before);
    closing.push(() => {
      for (const socket of sockets) socket.destroy();
      server.close();
    });
  }

  async function open(): Promise<QmpConnection> {
    const connection = await QmpConnection.open(folder, 'qmp.sock', signal);
    closing.push(() => connection.close());
    return connection;
  }

  test('answers go to those who asked, and a refusal is in QEMU’s words', async () => {
    await monitor((command) => (command === 'bad' ? { error: { class: 'GenericError', desc: 'no such thing' } } : { return: command }));
    const connection = await open();
    expect(await Promise.all([connection.run('a', {}, signal), connection.run('b', {}, signal)])).toEqual(['a', 'b']);
    await expect(connection.run('bad', {}, signal)).rejects.toMatchObject({ fault: 'FAILED', message: 'QEMU: no such thing' });
  });

  test('who waits for an answer hears of the end of the connection, and of an abort', async () => {
    await monitor(() => undefined);
    const connection = await open();
    const abort = new AbortController();
    const aborted = connection.run('never', {}, abort.signal);
    abort.abort(new Error('enough'));
    await expect(aborted).rejects.toThrow('enough');
    const waiting = connection.run('never', {}, signal);
    for (const socket of sockets) socket.destroy();
    await expect(waiting).rejects.toMatchObject({ fault: 'UNREACHABLE' });
    expect(connection.ended).toBe(true);
    await expect(connection.run('more', {}, signal)).rejects.toMatchObject({ fault: 'UNREACHABLE' });
  });

  test('a QEMU that talks nonsense is not listened to any more', async () => {
    await monitor(() => 'nonsense');
    await expect((await open()).run('a', {}, signal)).rejects.toMatchObject({ fault: 'UNREACHABLE' });
  });

  test('where nothing listens it is unreachable', async () => {
    await expect(open()).rejects.toMatchObject({ fault: 'UNREACHABLE' });
  });
});

async function writeInPieces(socket: Socket, line: string): Promise<void> {
  socket.write(line.slice(0, 5));
  await delay(5);
  socket.write(`${line.slice(5)}\r\n`);
}
