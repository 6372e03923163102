import { system, type Caller, type Peers, type SubgraphConnection } from '@hutong/common';
import { testSubgraph, type Answer, type Ask, type TestSubgraph } from '@hutong/common/testkit';
import type { MachinesServices } from '../context.js';
import { readMachinesSettings } from '../environment.js';
import { machinesSubgraph } from '../subgraph.js';
import type { Role } from '../user/user.entity.js';

/** Cheap, so that a test waits for rules and not for scrypt. */
const CHEAP = { PASSWORD_HASH_LOG2_COST: 4 };

const RESOLVE = `query ($credential: String!) {
  resolveCredential(credential: $credential) { credentialId userId username roles organization scopes expiresAt csrfHash }
}`;
const LOG_IN = 'mutation ($input: LogInInput!) { logIn(input: $input) { ticket csrfPreventionToken expiresAt user { id username roles } } }';

/** The platform's admin, for what a test is not about. */
export const root: Caller = { ...system, userId: '00000000-0000-4000-8000-000000000001', username: 'root' };

/** Somebody of a test, with a session. */
export interface Actor {
  id: string;
  username: string;
  ticket: string;
  caller: Caller;
}

export interface MachinesUnderTest extends TestSubgraph<MachinesServices> {
  /** The time the subgraph sees. */
  clock: { now: Date; advance(milliseconds: number): void };
  /** Data of an operation that must succeed. */
  did(document: string, ask?: Ask): Promise<any>; // oxlint-disable-line typescript/no-explicit-any -- as Answer
  /** The code of an operation that must fail. */
  failure(document: string, ask?: Ask): Promise<Answer['errors'][number]>;
  logIn(username: string, password: string, address?: string | null): Promise<Answer>;
  /** The caller a credential stands for, as a gateway makes it; null when it stands for nobody. */
  callerOf(credential: string): Promise<Caller | null>;
  /** Creates a user with the password `password of <username>` and logs in. */
  actor(username: string, roles?: Role[]): Promise<Actor>;
}

/** The subgraph on a database of its own, with a clock that the test sets. */
export async function machinesUnderTest(peers?: Peers | Map<string, SubgraphConnection>): Promise<MachinesUnderTest> {
  const clock = {
    now: new Date('2026-03-01T08:00:00Z'),
    advance(milliseconds: number) {
      this.now = new Date(this.now.getTime() + milliseconds);
    },
  };
  const subgraph = await testSubgraph(machinesSubgraph({ now: () => clock.now, settings: { ...readMachinesSettings(), ...CHEAP } }), peers);
  const did = async (document: string, how?: Ask) => {
    const { data, errors } = await subgraph.ask(document, how);
    if (errors.length > 0) throw new Error(`failed: ${JSON.stringify(errors)}`);
    return data;
  };
  const logIn = (username: string, password: string, address: string | null = '192.0.2.1') =>
    subgraph.ask(LOG_IN, { as: { ...system, userId: null, username: null, roles: [], address }, variables: { input: { username, password } } });
  const callerOf = async (credential: string): Promise<Caller | null> => {
    const { resolveCredential: found } = await did(RESOLVE, { origin: 'peer', variables: { credential } });
    return found && { userId: found.userId, username: found.username, roles: found.roles, organization: found.organization, scopes: found.scopes, credentialId: found.credentialId, address: '192.0.2.1' };
  };
  return {
    ...subgraph,
    clock,
    did,
    logIn,
    callerOf,
    async failure(document, how) {
      const { data, errors } = await subgraph.ask(document, how);
      const [first] = errors;
      if (!first) throw new Error(`did not fail: ${JSON.stringify(data)}`);
      return first;
    },
    async actor(username, roles = ['MEMBER']) {
      const password = `password of ${username}`;
      await did('mutation ($input: CreateUserInput!) { createUser(input: $input) { id } }', { as: root, variables: { input: { username, password, roles } } });
      const { data } = await logIn(username, password);
      const { ticket, user } = data.logIn;
      return { id: user.id, username, ticket, caller: (await callerOf(ticket))! };
    },
  };
}
