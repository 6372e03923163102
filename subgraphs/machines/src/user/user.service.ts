import { randomUUID } from 'node:crypto';
import { badInput, decodeCursor, notFound, pageOf, pageWindow, sql, type Connection, type House, type PageArguments, type RequestScope } from '@hutong/common';
import { LockMode, UniqueConstraintViolationException, type EntityManager } from '@mikro-orm/postgresql';
import { z } from 'zod';
import type { ChangeFeed } from '../change/change.feed.js';
import type { Clock } from '../context.js';
import { usernameTaken } from '../errors.js';
import { checkedInput } from '../input/input.js';
import { isUuid } from '../input/ids.js';
import type { PasswordHasher } from '../password/password.hash.js';
import { checkNewPassword } from '../password/password.rules.js';
import { lockAdmins, requireAnotherAdmin } from './admin.guard.js';
import { ensureFirstAdmin, type FirstAdmin } from './first-admin.js';
import { requireNoRunningThings } from './running-things.js';
import { Role, User } from './user.entity.js';
import { organizationRule, rolesRule, usernameKeyOf, usernameRule } from './user.rules.js';
import type { CreateUserInput, UpdateUserInput } from './user.types.js';

const CREATE = z.object({
  username: usernameRule,
  password: z.string(),
  roles: rolesRule.nullish(),
  organization: organizationRule.nullish(),
});

const UPDATE = z.object({
  id: z.string(),
  roles: rolesRule.nullish(),
  organization: organizationRule.nullish(),
  disabled: z.boolean().nullish(),
});

export interface UserServiceParts {
  house: House;
  hasher: PasswordHasher;
  changes: ChangeFeed;
  now: Clock;
}

/** Who may log in, and as what. */
export class UserService {
  readonly #parts: UserServiceParts;

  constructor(parts: UserServiceParts) {
    this.#parts = parts;
  }

  /** A user that is not deleted; NOT_FOUND otherwise. */
  async get(scope: Pick<RequestScope, 'em'>, id: string): Promise<User> {
    return existing(isUuid(id) ? await scope.em.fork().findOne(User, { id, deletedAt: null }) : null, `user ${id.slice(0, SHOWN_ID)}`);
  }

  /** A user by name, whatever the capitals; NOT_FOUND when there is none. */
  async getByName(scope: Pick<RequestScope, 'em'>, username: string): Promise<User> {
    return existing(await scope.em.fork().findOne(User, { usernameKey: usernameKeyOf(username) }), `user ${JSON.stringify(username)}`);
  }

  /** Users by name. */
  async list(scope: RequestScope, page: PageArguments): Promise<Connection<User>> {
    const window = pageWindow(page, scope.maxPageSize);
    const after = window.after === null ? undefined : decodeCursor(window.after, 1)[0];
    const rows = await scope.em.find(
      User,
      { deletedAt: null, ...(after === undefined ? {} : { usernameKey: { $gt: String(after) } }) },
      { orderBy: { usernameKey: 'asc' }, limit: window.limit + 1 },
    );
    return pageOf({ rows, window, keyOf: (user) => [user.usernameKey], totalCount: () => scope.em.count(User, { deletedAt: null }) });
  }

  /** Creates a user who may log in at once. USERNAME_TAKEN, WEAK_PASSWORD or BAD_INPUT leave nothing behind. */
  async create(scope: Pick<RequestScope, 'em'>, input: CreateUserInput): Promise<User> {
    const { username, password, roles, organization } = checkedInput(CREATE, input);
    checkNewPassword(password, username, 'input.password');
    await this.#requireFreeName(scope.em, username);
    const em = scope.em.fork();
    const user = em.create(User, {
      id: randomUUID(),
      username,
      usernameKey: usernameKeyOf(username),
      passwordHash: await this.#parts.hasher.hash(password),
      roles: roles ?? [Role.MEMBER],
      organization: organization ?? null,
      disabled: false,
      createdAt: this.#parts.now(),
      deletedAt: null,
    });
    try {
      await em.persist(user).flush();
    } catch (error) {
      if (error instanceof UniqueConstraintViolationException) throw usernameTaken({ username, field: 'input.username' });
      throw error;
    }
    return user;
  }

  /** Changes roles, organization or whether the user may log in; gateways hear of it within a second. */
  async update(scope: Pick<RequestScope, 'em'>, input: UpdateUserInput): Promise<User> {
    const { id, roles, organization, disabled } = checkedInput(UPDATE, input);
    if (input.roles === null) throw badInput({ field: 'input.roles', problem: 'expected at least one role, got null' });
    return this.#change(scope, id, async (em, user) => {
      const staysAdmin = (roles ?? user.roles).includes(Role.ADMIN) && !(disabled ?? user.disabled);
      if (!staysAdmin) await requireAnotherAdmin(em, user);
      if (disabled && !user.disabled) await endSessions(em, id);
      user.roles = roles ?? user.roles;
      user.organization = organization === undefined ? user.organization : organization;
      user.disabled = disabled ?? user.disabled;
    });
  }

  /** Deletes a user and all of its credentials and grants; the name is free again. */
  async remove(scope: RequestScope, id: string): Promise<void> {
    await requireNoRunningThings(scope, await this.get(scope, id));
    await this.#change(scope, id, async (em, user) => {
      await requireAnotherAdmin(em, user);
      await endSessions(em, id);
      await sql(em, 'delete from machines.api_token where user_id = $1', [id]);
      await sql(em, 'delete from machines.machine_grant where user_id = $1', [id]);
      Object.assign(user, { usernameKey: null, passwordHash: null, disabled: true, deletedAt: this.#parts.now() });
    });
  }

  /** Makes the first admin when nobody can administrate the platform; may be called by several processes at once. */
  ensureAdmin(password?: string): Promise<FirstAdmin> {
    return ensureFirstAdmin(this.#parts, password);
  }

  async #change(scope: Pick<RequestScope, 'em'>, id: string, change: (em: EntityManager, user: User) => Promise<void>): Promise<User> {
    const { changes } = this.#parts;
    return changes.inventoryChange(scope.em, async (em) => {
      await lockAdmins(em);
      const user = existing(isUuid(id) ? await em.findOne(User, { id, deletedAt: null }, { lockMode: LockMode.PESSIMISTIC_WRITE }) : null, `user ${id.slice(0, SHOWN_ID)}`);
      await change(em, user);
      await em.flush();
      await changes.credentialsEnded(em, id);
      return user;
    });
  }

  /** Answers early what the unique index would; hashing first would cost a fifth of a second. */
  async #requireFreeName(em: EntityManager, username: string): Promise<void> {
    if (await em.fork().count(User, { usernameKey: usernameKeyOf(username) })) throw usernameTaken({ username, field: 'input.username' });
  }
}

async function endSessions(em: EntityManager, userId: string): Promise<void> {
  await sql(em, 'delete from machines.session where user_id = $1', [userId]);
}

/** A UUID is shown whole; what is none is cut. */
const SHOWN_ID = 40;

function existing(user: User | null, what: string): User {
  if (!user) throw notFound({ what });
  return user;
}
