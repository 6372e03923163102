import { randomUUID } from 'node:crypto';
import { anonymous, type Caller } from '@hutong/common';
import type { Client } from 'pg';
import { Actor, actor, logIn, stranger } from '../testkit/actor.js';
import { ADMIN_PASSWORD } from '../testkit/platform.js';
import { SAMPLE_ORGANIZATION } from '../testkit/sample.js';

/** Everybody who asks for everything, in the order of the tables' columns. */
export const CALLERS = ['nobody', 'expired', 'revoked', 'disabled', 'out of scope', 'in scope', 'member', 'other member', 'other provider', 'provider', 'admin'] as const;
export type CallerName = (typeof CALLERS)[number];

/** What an API token must be allowed to: `<subgraph>:read` or `<subgraph>:write`. */
export type Scope = `${string}:${'read' | 'write'}`;

const SUBGRAPHS = ['compute-registry', 'scheduling', 'cloud-vm', 'machines', 'ai-arts'];
const SCOPES = SUBGRAPHS.flatMap((subgraph): Scope[] => [`${subgraph}:read`, `${subgraph}:write`]);
const OTHER_ORGANIZATION = '20001';

const CREATE_TOKEN = 'mutation ($input: CreateApiTokenInput!) { createApiToken(input: $input) { token } }';

/** Callers of every kind; the member's tokens come one for each scope, and one for all but it. */
export class Callers {
  private constructor(
    private readonly sessions: Readonly<Record<Exclude<CallerName, 'out of scope' | 'in scope'>, Actor>>,
    private readonly tokens: ReadonlyMap<string, Actor>,
  ) {}

  static async make(root: Actor, database: Client): Promise<Callers> {
    const { platform } = root;
    const member = await actor(root, 'member');
    const people = {
      nobody: stranger(platform),
      expired: await expiredSession(member, database),
      revoked: await again(member),
      disabled: await actor(root, 'disabled'),
      member,
      'other member': await actor(root, 'other-member'),
      'other provider': await actor(root, 'other-provider', { roles: ['PROVIDER'], organization: OTHER_ORGANIZATION }),
      provider: await actor(root, 'provider', { roles: ['PROVIDER'], organization: SAMPLE_ORGANIZATION }),
      admin: root,
    };
    await people.revoked.ask('mutation { logOut }');
    await root.ask('mutation ($id: ID!) { updateUser(input: { id: $id, disabled: true }) { id } }', { id: people.disabled.userId });
    const tokens = new Map<string, Actor>();
    for (const scope of SCOPES) {
      tokens.set(`in scope ${scope}`, await tokenOf(member, [scope]));
      tokens.set(`out of scope ${scope}`, await tokenOf(member, SCOPES.filter((other) => other !== scope)));
    }
    return new Callers(people, tokens);
  }

  /** @param scope what the field or route asked for needs of an API token */
  as(name: CallerName, scope: Scope): Actor {
    return name === 'in scope' || name === 'out of scope' ? this.tokens.get(`${name} ${scope}`)! : this.sessions[name];
  }

  /** The same with a credential of its own, for what ends it. */
  async again(name: CallerName, scope: Scope): Promise<Actor> {
    const isSession = name === 'member' || name === 'other member' || name === 'other provider' || name === 'provider' || name === 'admin';
    return isSession ? again(this.sessions[name]) : this.as(name, scope);
  }

  /** What the gateway tells a subgraph of a caller; those whose credential is not good never get so far. */
  toSubgraph(name: CallerName, scope: Scope): Caller {
    const { userId, username } = this.as(name, scope);
    const role = name.endsWith('provider') ? 'PROVIDER' : name === 'admin' ? 'ADMIN' : 'MEMBER';
    const scopes = { 'in scope': [scope], 'out of scope': SCOPES.filter((other) => other !== scope) }[name as string] ?? null;
    const organization = { provider: SAMPLE_ORGANIZATION, 'other provider': OTHER_ORGANIZATION }[name as string] ?? null;
    return name === 'nobody' ? anonymous : { userId, username, roles: [role], organization, scopes, credentialId: randomUUID(), address: '127.0.0.1' };
  }

  get member(): Actor {
    return this.sessions.member;
  }

  get provider(): Actor {
    return this.sessions.provider;
  }

  get admin(): Actor {
    return this.sessions.admin;
  }
}

/** Another session of the same user. */
export const again = ({ platform, username }: Actor): Promise<Actor> => logIn(platform, username, passwordOf(username));

const passwordOf = (username: string): string => (username === 'admin' ? ADMIN_PASSWORD : `${username}'s own password 1`);

async function tokenOf(user: Actor, scopes: Scope[]): Promise<Actor> {
  const { createApiToken } = await user.ask(CREATE_TOKEN, { input: { name: scopes.join(' ').slice(0, 100), scopes } });
  return new Actor(user.platform, user.username, createApiToken.token as string, user.userId);
}

/** A session whose end is moved into the past before anybody has seen its ticket. */
async function expiredSession({ platform, username, userId }: Actor, database: Client): Promise<Actor> {
  const { body } = await stranger(platform).simpleServer('POST', 'ticket', { username, password: passwordOf(username) });
  const newest = 'select id from machines.session where user_id = $1 order by created_at desc limit 1';
  await database.query(`update machines.session set expires_at = now() - interval '1 second' where id = (${newest})`, [userId]);
  return new Actor(platform, username, body.data.ticket as string, userId);
}
