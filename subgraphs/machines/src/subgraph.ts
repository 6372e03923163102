import { randomUUID } from 'node:crypto';
import { system, type House, type RequestScope, type SubgraphModule } from '@hutong/common';
import { AuditEntry } from './audit/audit-entry.entity.js';
import { AuditResolver } from './audit/audit.resolver.js';
import { AuditService } from './audit/audit.service.js';
import { ChangeFeed } from './change/change.feed.js';
import type { Clock, MachinesContext, MachinesServices } from './context.js';
import { ApiToken } from './credential/api-token.entity.js';
import { ApiTokenService } from './credential/api-token.service.js';
import { CredentialResolver } from './credential/credential.resolver.js';
import { CredentialService } from './credential/credential.service.js';
import { SessionService } from './credential/session.service.js';
import { readMachinesSettings, type MachinesSettings } from './environment.js';
import { ImportService } from './import/import.service.js';
import { machineIdOf } from './input/ids.js';
import { startHousekeeping } from './login/housekeeping.js';
import { LoginService } from './login/login.service.js';
import { LoginThrottle } from './login/login.throttle.js';
import { GrantService } from './machine/grant.service.js';
import { loadMachine } from './machine/machine.reference.js';
import { MachineResolver } from './machine/machine.resolver.js';
import { MachineService } from './machine/machine.service.js';
import { Migration20261121 } from './migrations/migration20261121.js';
import { PasswordHasher } from './password/password.hash.js';
import { PasswordService } from './user/password.service.js';
import { User } from './user/user.entity.js';
import { loadUser } from './user/user.reference.js';
import { UserResolver } from './user/user.resolver.js';
import { UserService } from './user/user.service.js';

export { machinesSettings, readMachinesSettings } from './environment.js';
export { INVENTORY } from './change/change.feed.js';
export type { MachinesServices } from './context.js';
export type { FirstAdmin } from './user/first-admin.js';

/** What a test may set: the time and the settings. */
export interface MachinesOptions {
  now?: Clock;
  settings?: MachinesSettings;
}

const OWN_PAGE_SIZE = 1_000;

function ownScope({ database, peers }: House): RequestScope {
  return {
    caller: system,
    origin: 'peer',
    requestId: randomUUID(),
    em: database.em.fork(),
    peers,
    maxPageSize: OWN_PAGE_SIZE,
    signal: new AbortController().signal,
  };
}

function startMachines(house: House, { now = () => new Date(), settings = readMachinesSettings() }: MachinesOptions) {
  const hasher = new PasswordHasher(settings.PASSWORD_HASH_LOG2_COST);
  const changes = new ChangeFeed(house.events, house.revisions);
  const throttle = new LoginThrottle(
    {
      perUserAndAddress: settings.LOGIN_FAILURES_PER_USER_AND_ADDRESS,
      perUser: settings.LOGIN_FAILURES_PER_USER,
      perAddress: settings.LOGIN_FAILURES_PER_ADDRESS,
    },
    now,
  );
  const sessions = new SessionService({ changes, now });
  const logins = new LoginService({ throttle, hasher, sessions });
  const passwords = new PasswordService({ hasher, logins, changes });
  const machines = new MachineService({ house, changes });
  const services: MachinesServices = {
    users: new UserService({ house, hasher, changes, now }),
    passwords,
    logins,
    sessions,
    tokens: new ApiTokenService({ changes, now }),
    credentials: new CredentialService(now),
    machines,
    grants: new GrantService(changes),
    imports: new ImportService({ hasher, passwords, machines, changes, now }),
    audit: new AuditService(),
    changes,
    events: house.events,
    ownScope: () => ownScope(house),
  };
  const stopHousekeeping = startHousekeeping(house, now, settings.AUDIT_KEPT_DAYS);
  const stop = async () => {
    stopHousekeeping();
    changes.stop();
  };
  return { services, stop };
}

/** The subgraph with something of a test's. */
export const machinesSubgraph = (options: MachinesOptions = {}): SubgraphModule<MachinesServices> => ({
  graph: {
    name: 'machines',
    resolvers: [UserResolver, CredentialResolver, MachineResolver, AuditResolver],
    references: {
      User: ({ id }: { id: string }, context: MachinesContext) => loadUser(context, id),
      Machine: ({ id }: { id: string }, context: MachinesContext) => {
        const number = machineIdOf(id);
        return number === null ? null : loadMachine(context, number);
      },
    },
  },
  schema: 'machines',
  entities: [User, ApiToken, AuditEntry],
  migrations: [Migration20261121],
  checkSettings: () => void (options.settings ?? readMachinesSettings()),
  start: (house) => startMachines(house, options),
});

/** Users, tickets, API tokens, the machine inventory and the audit log. */
export const machines: SubgraphModule<MachinesServices> = machinesSubgraph();
