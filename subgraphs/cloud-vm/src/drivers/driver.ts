/**
 * A cloud that runs virtual machines: OpenStack, or QEMU on this machine.
 *
 * The driver keeps no state that matters: whoever calls it writes its intent down first, with an id of ours, and the
 * driver puts that id on everything it makes. So a killed process loses nothing: what was recorded is released by
 * {@link CloudDriver.destroy}, what was made and not recorded is found by the same id, and what nobody remembers is
 * in {@link CloudDriver.listOurs}.
 *
 * For every call:
 * - It may be repeated with the same arguments at any time, also after it failed or after a crash, and then finishes
 *   what is missing; it never makes a second thing where one was asked for.
 * - A failure is a {@link CloudError}. When `signal` aborts, the call stops waiting as soon as it can and rejects with
 *   the signal's reason; what was under way may or may not have happened in the cloud.
 * - Calls for different machines may run at the same time. Of one machine, no two calls but {@link CloudDriver.look}:
 *   abort a launch and wait for its end before the machine is destroyed.
 */
export interface CloudDriver {
  /** Which cloud this is; shown in the graph and in logs. */
  readonly name: 'openstack' | 'qemu';

  /** Whether machines can be launched now, as far as can be told without making one. Never rejects but for `signal`. */
  status(signal: AbortSignal): Promise<CloudReadiness>;

  /** What machines can be made of now. Names may repeat, ids do not. New images are seen without a restart. */
  images(signal: AbortSignal): Promise<CloudImage[]>;

  /** The sizes of machines, smallest memory first. Names may repeat, ids do not. */
  flavors(signal: AbortSignal): Promise<CloudFlavor[]>;

  /**
   * Makes a machine, one thing after the other, and resolves when the cloud has taken it on: `look` says BUILD or
   * ACTIVE from then on, and ERROR should the cloud fail to build it. With what an earlier call made in
   * `progress.made` it continues after that; things that carry the id and were never recorded are found and told to
   * `progress.onMade` before anything new is asked for.
   *
   * When it fails it leaves what it has made, for the caller to repeat it or to `destroy` the machine.
   *
   * Faults: INVALID_IMAGE, INVALID_FLAVOR, QUOTA, MISCONFIGURED, and those of every call.
   */
  launch(spec: MachineSpec, progress: LaunchProgress, signal: AbortSignal): Promise<void>;

  /**
   * How machines are now, in the order asked for; many are asked about in few requests. A machine of which the
   * cloud has nothing is DELETED, with the reason. Faults: those of every call; never NOT_FOUND.
   */
  look(machines: readonly MachineReference[], signal: AbortSignal): Promise<MachineView[]>;

  /** Asks a SHUTOFF machine to start; nothing happens to an ACTIVE one. Faults: NOT_FOUND, CONFLICT, QUOTA. */
  start(machine: MachineReference, signal: AbortSignal): Promise<void>;

  /**
   * Asks the guest to shut down, and ends it when it does not within the cloud's patience; nothing happens to a
   * SHUTOFF one. May resolve before the machine is SHUTOFF: `look` tells. Faults: NOT_FOUND, CONFLICT.
   */
  stop(machine: MachineReference, signal: AbortSignal): Promise<void>;

  /**
   * Restarts the guest, cleanly where it listens; a SHUTOFF machine is started. The machine keeps its address. May
   * resolve while it is REBOOT: `look` tells. Repeating it may restart the guest again. Faults: NOT_FOUND, CONFLICT.
   */
  reboot(machine: MachineReference, signal: AbortSignal): Promise<void>;

  /**
   * Makes an image of the machine's disk as it is now (what the guest still holds in memory is not in it), and
   * resolves with the image when machines can be made of it. The machine goes on running and the image outlives it.
   * Repeated with the same `snapshot.id` it waits for or answers the image that this id has.
   * Faults: NOT_FOUND (no such machine), CONFLICT, QUOTA.
   */
  snapshot(machine: MachineReference, snapshot: SnapshotSpec, signal: AbortSignal): Promise<CloudImage>;

  /**
   * Deletes an image made by `snapshot`, by the id of the snapshot: finished, half made, or not there (no fault).
   * Machines made of it go on. Faults: CONFLICT when the cloud still needs it.
   */
  deleteSnapshot(snapshotId: string, signal: AbortSignal): Promise<void>;

  /**
   * Releases everything that the machine holds, in the reverse order of its making: what was recorded, and what
   * carries its id without having been. `onReleased` is awaited after each thing is gone. Resolves when nothing is
   * left; a machine that is not there is no fault, whatever its state was.
   */
  destroy(machine: MachineReference, signal: AbortSignal, onReleased?: (resource: CloudResource) => Promise<void>): Promise<void>;

  /**
   * Everything in the cloud that carries an id of ours, of any machine, recorded or not, in any order: for finding
   * orphans. An orphan is released by `destroy({ id: machineId, made: [] }, …)`. What a machine still has says
   * nothing about its state: a stopped one may hold less. Images of snapshots are not in it.
   */
  listOurs(signal: AbortSignal): Promise<OwnedResource[]>;

  /** Lets go of connections and timers; machines go on running. May be called again; no other call may follow. */
  close(): Promise<void>;
}

/** What every driver is opened with, beside its own settings. */
export interface DriverOptions {
  /**
   * Which Hutong this is, the same over restarts and different for every other one that shares the cloud: things
   * are ours only when they carry it. Up to 36 letters, digits and hyphens.
   */
  installation: string;
  /** Gets what an operator should know and no caller is told. Never a secret. */
  log: DriverLog;
}

/** A pino logger is one. */
export interface DriverLog {
  info(details: object, message: string): void;
  warn(details: object, message: string): void;
}

export interface CloudReadiness {
  ready: boolean;
  /** Null when all is well, else what is wrong and what to do about it, in one line for an administrator. */
  message: string | null;
}

export interface CloudImage {
  /** The cloud's id, unique in it. */
  id: string;
  name: string;
  /** What it takes in the store; null when the cloud does not say. */
  sizeBytes: number | null;
  createdAt: Date | null;
}

export interface CloudFlavor {
  /** The cloud's id, unique in it. */
  id: string;
  name: string;
  cpus: number;
  memoryBytes: number;
  /** 0: as large as the image. */
  diskBytes: number;
}

/** A machine to be made. The same spec, to the letter, goes with every repetition. */
export interface MachineSpec {
  /** Ours, unique for ever: 1 to 36 letters, digits and hyphens, not a hyphen first. Carried by everything made for it. */
  id: string;
  /** For people to recognise; may repeat, 1 to 255 characters. */
  name: string;
  /** `CloudImage.id`. */
  imageId: string;
  /** `CloudFlavor.id`. */
  flavorId: string;
  /** Whether the guest may open connections to other machines. */
  internetAccess: boolean;
}

export interface LaunchProgress {
  /** What earlier calls made, in the order in which it was made. */
  made: readonly CloudResource[];
  /** Awaited after each thing is made, or found, before the next is asked for; when it rejects, so does `launch`. */
  onMade(resource: CloudResource): Promise<void>;
}

/** One thing that exists in the cloud because of a machine. Two with the same kind and id are the same thing. */
export interface CloudResource {
  kind: ResourceKind;
  /** The cloud's id of it. */
  id: string;
}

export type ResourceKind = 'server' | 'port' | 'floating-ip' | 'disk';

/** A resource as the cloud lists it. */
export interface OwnedResource extends CloudResource {
  /** `MachineSpec.id` of the machine it was made for. */
  machineId: string;
  /** Null when the cloud does not say. */
  createdAt: Date | null;
}

/** A machine that was launched, or whose launch was begun. */
export interface MachineReference {
  /** `MachineSpec.id`. */
  id: string;
  /** What was recorded for it and is not released yet; may be empty or incomplete. */
  made: readonly CloudResource[];
}

/** BUILD → ACTIVE or ERROR → DELETING → DELETED; also SHUTOFF and REBOOT. Nova's names. */
export type CloudMachineState = 'BUILD' | 'ACTIVE' | 'SHUTOFF' | 'REBOOT' | 'ERROR' | 'DELETING' | 'DELETED';

export interface MachineView {
  /** `MachineSpec.id`. */
  id: string;
  state: CloudMachineState;
  /** The cloud's own words where there are any, as for ERROR. */
  reason: string | null;
  /** The address callers connect to, as soon as there is one; it may come later than ACTIVE. */
  ipv4: string | null;
  /** Where the guest's ports are to be found; empty while there is no address, or when every port is `ipv4` and itself. */
  endpoints: CloudEndpoint[];
}

/** A port of the guest and the address at which it is reached. */
export interface CloudEndpoint {
  guestPort: number;
  host: string;
  port: number;
}

export interface SnapshotSpec {
  /** Ours, unique for ever; shaped like `MachineSpec.id`. */
  id: string;
  /** The image's name; may repeat. */
  name: string;
}

/**
 * What can go wrong in a cloud, of whatever kind.
 *
 * | fault | meaning | repeat the call? |
 * |---|---|---|
 * | NOT_FOUND | the cloud has no machine of this id | no |
 * | INVALID_IMAGE, INVALID_FLAVOR | there is none of this id, or machines cannot be made of it, or one does not fit the other | no |
 * | QUOTA | a quota, or what the host has left, does not allow it | when something was released |
 * | CONFLICT | the machine's state does not allow it | when the state has changed |
 * | UNAUTHORIZED | our credentials are missing, wrong or not enough | no, an administrator must act |
 * | MISCONFIGURED | a setting names what the cloud does not have, such as a network; the message names both | no, an administrator must act |
 * | BUSY | the cloud asks to come back, after `retryAfterMs` where it says when | yes |
 * | UNREACHABLE | no answer, or one that was cut off: what was asked may have happened | yes |
 * | FAILED | the cloud tried and failed, in its own words | once or twice |
 */
export type CloudFault =
  | 'NOT_FOUND'
  | 'INVALID_IMAGE'
  | 'INVALID_FLAVOR'
  | 'QUOTA'
  | 'CONFLICT'
  | 'UNAUTHORIZED'
  | 'MISCONFIGURED'
  | 'BUSY'
  | 'UNREACHABLE'
  | 'FAILED';

/** A failure of a cloud. The message is fit to be shown: the cloud's own words, no secret, no stack. */
export class CloudError extends Error {
  override readonly name = 'CloudError';
  /** For BUSY: how long the cloud wants to be left alone, when it says so. */
  readonly retryAfterMs: number | undefined;

  constructor(
    readonly fault: CloudFault,
    message: string,
    options: ErrorOptions & { retryAfterMs?: number } = {},
  ) {
    super(message, options);
    this.retryAfterMs = options.retryAfterMs;
  }
}
