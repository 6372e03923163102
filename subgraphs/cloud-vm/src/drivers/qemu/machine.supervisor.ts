import { spawn } from 'node:child_process';
import { open, readFile, rm } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { CloudError, type DriverLog } from '../driver.js';
import type { HostPrograms } from './host.programs.js';
import type { MachineFolder, MachineRecord } from './machine.folder.js';
import { hasEnded, killProcess, type MachineProcess } from './machine.process.js';
import { QMP_SOCKET, qemuArguments } from './qemu.command.js';
import { QEMU, type QemuHost } from './qemu.host.js';
import { QmpConnection, untilAborted } from './qmp.connection.js';

/** Waits longer than any of these, on a host that has much to do, are a fault. */
const MONITOR_MS = 60_000;
const QUIT_MS = 10_000;
const KILL_MS = 30_000;
const POWER_BUTTON_MS = 2_000;
const LOOK_AGAIN_MS = 10;

/** The parts of a machine's process that could not be had: its ports, or the lock of its disk. */
export class PlaceTakenError extends Error {
  override readonly name = 'PlaceTakenError';
}

/**
 * Starts and ends the processes of machines, and speaks to them. They are sessions of their own, so that neither our
 * end nor a signal to our group ends them; after a restart of ours they are met again through their sockets.
 */
export class MachineSupervisor {
  private readonly connections = new Map<string, Promise<QmpConnection>>();

  constructor(
    private readonly host: QemuHost,
    private readonly programs: HostPrograms,
    private readonly log: DriverLog,
  ) {}

  /**
   * Starts the machine's process and resolves when QEMU has opened all that it needs. Rejects with
   * {@link PlaceTakenError}, or FAILED in QEMU's words, when it ends before.
   */
  async start(folder: MachineFolder, record: MachineRecord, signal: AbortSignal): Promise<void> {
    const args = qemuArguments(folder, record, await this.host.acceleration(), await this.host.runAs());
    this.forget(folder.id);
    await Promise.all([rm(folder.file(QMP_SOCKET), { force: true }), rm(folder.qemuLog, { force: true })]);
    signal.throwIfAborted();
    const output = await open(folder.qemuLog, 'a', 0o600);
    try {
      const child = spawn(QEMU, args, { cwd: folder.path, detached: true, env: this.programs.environment, stdio: ['ignore', output.fd, output.fd] });
      const exited = new Promise<void>((resolve) => {
        child.once('exit', () => resolve());
        child.once('error', (error) => {
          this.log.warn({ machine: folder.id, error: error.message }, 'QEMU could not be run');
          resolve();
        });
      });
      child.unref();
      let over = false;
      void exited.then(() => (over = true));
      await this.untilAnswering(folder, () => over, signal);
      void exited.then(() => this.log.info({ machine: folder.id, status: child.exitCode, signal: child.signalCode }, 'the process of a machine has ended'));
    } finally {
      await output.close();
    }
  }

  /** Waits until a process that is starting, whoever started it, answers on its monitor. */
  async untilAnswering(folder: MachineFolder, isOver: () => boolean | Promise<boolean>, signal: AbortSignal): Promise<void> {
    const deadline = performance.now() + MONITOR_MS;
    for (;;) {
      try {
        await this.connection(folder, signal);
        return;
      } catch (error) {
        signal.throwIfAborted();
        if (await isOver()) throw await lastWords(folder);
        if (performance.now() > deadline) throw new CloudError('FAILED', `QEMU has not answered for ${MONITOR_MS / 1000} s`, { cause: error });
        await delay(LOOK_AGAIN_MS, undefined, { signal });
      }
    }
  }

  /** Runs a command on the machine's monitor. UNREACHABLE when its process has ended, or does not answer in time. */
  async command<Answer = unknown>(folder: MachineFolder, command: string, parameters: object, signal: AbortSignal, withinMs = MONITOR_MS): Promise<Answer> {
    const patience = AbortSignal.timeout(withinMs);
    try {
      const both = AbortSignal.any([signal, patience]);
      const connection = await this.connection(folder, both);
      return await connection.run<Answer>(command, parameters, both);
    } catch (error) {
      signal.throwIfAborted();
      if (patience.aborted) throw new CloudError('UNREACHABLE', `QEMU has not answered for ${withinMs / 1000} s`, { cause: error });
      throw error;
    }
  }

  /** Shuts the guest down, and ends it when that takes longer than `patienceMs`. */
  async shutDown(folder: MachineFolder, machine: MachineProcess, patienceMs: number, signal: AbortSignal): Promise<void> {
    const deadline = performance.now() + patienceMs;
    while (performance.now() < deadline) {
      // A guest that is still booting does not hear it, so it is pressed again.
      await this.command(folder, 'system_powerdown', {}, signal, QUIT_MS).catch(unlessEnded);
      if (await hasEnded(machine, Math.min(POWER_BUTTON_MS, deadline - performance.now()), signal)) return;
    }
    await this.command(folder, 'quit', {}, signal, QUIT_MS).catch(unlessEnded);
    if (await hasEnded(machine, QUIT_MS, signal)) return;
    await this.kill(folder, machine, signal);
  }

  /** Ends the process without asking the guest. */
  async kill(folder: MachineFolder, machine: MachineProcess, signal: AbortSignal): Promise<void> {
    this.forget(folder.id);
    if (!(await killProcess(machine, KILL_MS, signal))) throw new CloudError('FAILED', `the process ${machine.pid} of the machine does not end`);
  }

  /** Ends the connection to a machine's monitor. */
  forget(id: string): void {
    const connection = this.connections.get(id);
    this.connections.delete(id);
    connection?.then((open) => open.close(), () => undefined);
  }

  close(): void {
    for (const id of this.connections.keys()) this.forget(id);
  }

  /** All calls for a machine share one connection, because QEMU would let a second one wait until the first has ended. */
  private async connection(folder: MachineFolder, signal: AbortSignal): Promise<QmpConnection> {
    for (;;) {
      const known = this.connections.get(folder.id);
      if (!known) return untilAborted(this.open(folder), signal);
      const open = await untilAborted(known.catch(() => null), signal);
      if (open && !open.ended) return open;
      if (this.connections.get(folder.id) === known) this.connections.delete(folder.id);
    }
  }

  /** Not ended by the abort of a call, for others may wait for it. */
  private open(folder: MachineFolder): Promise<QmpConnection> {
    const opening = QmpConnection.open(folder.path, QMP_SOCKET, AbortSignal.timeout(MONITOR_MS));
    this.connections.set(folder.id, opening);
    opening.catch(() => {
      if (this.connections.get(folder.id) === opening) this.connections.delete(folder.id);
    });
    return opening;
  }
}

/** A machine whose process has ended has nothing left to be asked. */
function unlessEnded(error: unknown): void {
  if (!(error instanceof CloudError)) throw error;
}

/** Why QEMU ended, by what it printed. */
async function lastWords(folder: MachineFolder): Promise<Error> {
  const text = (await readFile(folder.qemuLog, 'utf8').catch(() => '')).trim();
  const words = text.replaceAll(`${folder.path}/`, '').slice(-500);
  if (/host forwarding rule|Failed to get .*lock/i.test(words)) return new PlaceTakenError(words);
  return new CloudError('FAILED', words === '' ? 'QEMU ended at once and said nothing' : words);
}
