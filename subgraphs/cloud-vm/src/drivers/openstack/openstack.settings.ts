/** Where an OpenStack is, who we are there, and what its machines are connected to. */
export interface OpenStackSettings {
  /** The URL of Keystone, with or without its `/v3`. */
  authUrl: string;
  credentials: OpenStackCredentials;
  /** Undefined: the first that the catalogue names. */
  region: string | undefined;
  interface: OpenStackInterface;
  /** Certificates to trust beside the system's, as PEM. */
  certificates: string | undefined;
  /** False: whoever answers is believed. */
  verifiesCertificates: boolean;
  /** Names or ids. */
  network: string;
  internetGroup: string;
  isolatedGroup: string;
  /** The network that floating addresses come from; undefined: a machine's fixed address is the one to connect to. */
  floatingPool: string | undefined;
  /** Connections to each of the cloud's services. */
  connections: number;
  /** How long the cloud may take for one answer. */
  requestMs: number;
}

export type OpenStackInterface = 'public' | 'internal' | 'admin';

/** What Keystone is shown. A name goes with a domain, by name or id. */
export type OpenStackCredentials =
  | { kind: 'password'; user: KeystoneName; password: string; project: KeystoneName }
  | { kind: 'application'; id: string; secret: string }
  | { kind: 'application'; name: string; user: KeystoneName; secret: string };

/** A user or a project, as Keystone wants it. */
export type KeystoneName = { id: string } | { name: string; domain: { id: string } | { name: string } };
