import type { EventLog, RequestScope, SubgraphContext } from '@hutong/common';
import type { AuditService } from './audit/audit.service.js';
import type { ChangeFeed } from './change/change.feed.js';
import type { ApiTokenService } from './credential/api-token.service.js';
import type { CredentialService } from './credential/credential.service.js';
import type { SessionService } from './credential/session.service.js';
import type { ImportService } from './import/import.service.js';
import type { LoginService } from './login/login.service.js';
import type { GrantService } from './machine/grant.service.js';
import type { MachineService } from './machine/machine.service.js';
import type { PasswordService } from './user/password.service.js';
import type { UserService } from './user/user.service.js';

/** What this subgraph can do; lives as long as the subgraph. */
export interface MachinesServices {
  users: UserService;
  passwords: PasswordService;
  logins: LoginService;
  sessions: SessionService;
  tokens: ApiTokenService;
  credentials: CredentialService;
  machines: MachineService;
  grants: GrantService;
  imports: ImportService;
  audit: AuditService;
  changes: ChangeFeed;
  events: EventLog;
  /** The scope of work that no request asked for, done as the platform itself. */
  ownScope(): RequestScope;
}

export type MachinesContext = SubgraphContext<MachinesServices>;

/** Tells the time; tests set it. */
export type Clock = () => Date;
