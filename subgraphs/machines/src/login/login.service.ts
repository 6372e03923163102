import { badInput, findUnstorableText, sql, type RequestScope } from '@hutong/common';
import type { SessionService, AuthenticatedUser } from '../credential/session.service.js';
import type { Session } from '../credential/session.types.js';
import { wrongCredentials } from '../errors.js';
import type { PasswordHasher } from '../password/password.hash.js';
import { MAXIMUM_PASSWORD_LENGTH } from '../password/password.rules.js';
import { User } from '../user/user.entity.js';
import { MAXIMUM_USERNAME_LENGTH, usernameKeyOf } from '../user/user.rules.js';
import type { LoginThrottle } from './login.throttle.js';
import type { LogInInput } from './login.types.js';

interface Parts {
  throttle: LoginThrottle;
  hasher: PasswordHasher;
  sessions: SessionService;
}

/** Room for imported passwords that are longer than new ones may be. */
const LONGEST_PASSWORD = 4 * MAXIMUM_PASSWORD_LENGTH;

/** Turns a username and a password into a session. */
export class LoginService {
  readonly #parts: Parts;
  readonly #underWay = new Map<string, Promise<AuthenticatedUser>>();

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** Begins a session; WRONG_CREDENTIALS, TOO_MANY_LOGINS or BAD_INPUT. */
  async logIn(scope: RequestScope, input: LogInInput): Promise<Session> {
    // No guess: something that was to be filled in was not.
    for (const name of ['username', 'password'] as const) if (input[name] === '') throw badInput({ field: `input.${name}`, problem: 'is empty' });
    return this.#parts.sessions.begin(scope, await this.authenticate(scope, input));
  }

  /**
   * Who has this name and password. The same attempt from the same address that comes while one is under way shares its
   * answer: it is one guess, and a client that logs in fifty times at once with the right password is not throttled.
   */
  authenticate(scope: RequestScope, { username, password }: LogInInput): Promise<AuthenticatedUser> {
    const unstorable = findUnstorableText({ username, password }, 'input');
    if (unstorable !== undefined) throw badInput({ field: unstorable, problem: 'holds U+0000 or half of a surrogate pair' });
    // Too long to be anybody's: answered like any wrong one, without hashing megabytes.
    if (password.length > LONGEST_PASSWORD || username.length > 2 * MAXIMUM_USERNAME_LENGTH) throw wrongCredentials({});
    const userKey = usernameKeyOf(username);
    const attempt = JSON.stringify([userKey, scope.caller.address, password]);
    let answer = this.#underWay.get(attempt);
    if (!answer) {
      answer = this.#check(scope, userKey, password).finally(() => this.#underWay.delete(attempt));
      this.#underWay.set(attempt, answer);
    }
    return answer;
  }

  async #check(scope: RequestScope, userKey: string, password: string): Promise<AuthenticatedUser> {
    const em = scope.em.fork();
    const succeeded = await this.#parts.throttle.admit(em, userKey, scope.caller.address);
    const [row] = await sql<{ id: string; password_hash: string }>(
      em,
      'select id, password_hash from machines.user_account where username_key = $1 and not disabled',
      [userKey],
    );
    // Hashes something also where there is no such user, so that the time tells nothing.
    const isRight = await this.#parts.hasher.verify(password, row?.password_hash ?? null);
    const user = row && isRight ? await em.findOne(User, { id: row.id }) : null;
    if (!user || !row) throw wrongCredentials({});
    await succeeded();
    return { user, passwordHash: row.password_hash };
  }
}
