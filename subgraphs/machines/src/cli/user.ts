import { parseArgs, styleText } from 'node:util';
import { checkNewPassword } from '../password/password.rules.js';
import { Role, type User } from '../user/user.entity.js';
import { readNewPassword } from './password.prompt.js';
import { audited, runCommand, say, UsageError, withTool, type Tool } from './terminal.js';

const USAGE = `Usage: npm run user -- <command>

  add <username> [--roles MEMBER,PROVIDER,ADMIN] [--organization 20004]   creates a user; asks for the password
  password <username>                                                     sets a password; ends the user's sessions
  token <username> --name <name> [--scopes all] [--expires 2027-01-31]    makes an API token and prints it once
  disable <username>    enable <username>                                 keeps a user out, lets it in again
  list [--json]                                                           all users

A password is asked for without an echo, or read as a line from stdin; it is never an argument. What is changed here
holds at once, also in a platform that is running.`;

const OPTIONS = {
  roles: { type: 'string' },
  organization: { type: 'string' },
  name: { type: 'string' },
  scopes: { type: 'string' },
  expires: { type: 'string' },
  json: { type: 'boolean' },
  password: { type: 'string' },
  help: { type: 'boolean', short: 'h' },
} as const;

type Options = ReturnType<typeof parseArgs<{ options: typeof OPTIONS; allowPositionals: true }>>['values'];
type Command = (tool: Tool, username: string, options: Options) => Promise<void>;

/** Commands that name a user. The password is read before the database is opened. */
const COMMANDS: Record<string, (username: string, options: Options) => Promise<(tool: Tool) => Promise<void>>> = {
  async add(username, { roles, organization }) {
    const password = await readNewPassword(username);
    return async (tool) => {
      const user = await tool.services.users.create(tool.scope, { username, password, roles: roles === undefined ? null : rolesOf(roles), organization: organization ?? null });
      say(`Created ${user.username} (${user.roles.join(', ')}).`);
    };
  },
  async password(username) {
    const password = await readNewPassword(username);
    return async (tool) => {
      const user = await tool.services.users.getByName(tool.scope, username);
      checkNewPassword(password, user.username, 'password');
      await tool.services.passwords.set(tool.scope, user.id, password, null);
      say(`${user.username} has a new password; its sessions have ended.`);
    };
  },
  token: async (username, options) => (tool) => makeToken(tool, username, options),
  disable: async (username) => (tool) => setDisabled(tool, username, true),
  enable: async (username) => (tool) => setDisabled(tool, username, false),
};

const makeToken: Command = async ({ services, scope }, username, { name, scopes = 'all', expires }) => {
  if (name === undefined) throw new UsageError('expected --name: what the token is for');
  const expiresAt = expires === undefined ? null : new Date(expires);
  if (expiresAt && Number.isNaN(expiresAt.getTime())) throw new UsageError('expected --expires as a time, for example 2027-01-31');
  const user = await services.users.getByName(scope, username);
  const as = { em: scope.em, caller: { ...scope.caller, userId: user.id, username: user.username } };
  const { token, apiToken } = await services.tokens.create(as, { name, scopes: commaSeparated(scopes), expiresAt });
  process.stdout.write(`${token}\n`);
  say(`A token of ${user.username} for ${apiToken.scopes.join(', ')}; it is not shown again.`);
};

async function setDisabled({ services, scope }: Tool, username: string, disabled: boolean): Promise<void> {
  const { id } = await services.users.getByName(scope, username);
  const user = await services.users.update(scope, { id, disabled });
  say(`${user.username} is ${disabled ? 'disabled' : 'enabled'}.`);
}

async function list({ services, scope }: Tool, asJson: boolean): Promise<void> {
  const users: User[] = [];
  let after: string | null = null;
  do {
    const { nodes, pageInfo } = await services.users.list(scope, { first: scope.maxPageSize, after });
    users.push(...nodes);
    after = pageInfo.hasNextPage ? pageInfo.endCursor : null;
  } while (after !== null);
  process.stdout.write(asJson ? `${JSON.stringify(users.map(shownUser), null, 2)}\n` : users.map((user) => `${lineOf(user)}\n`).join(''));
}

const shownUser = ({ id, username, roles, organization, disabled, createdAt }: User) => ({ id, username, roles, organization, disabled, createdAt });

const lineOf = ({ id, username, roles, organization, disabled }: User): string =>
  [id, username, roles.join(','), organization ?? '-', disabled ? styleText('red', 'disabled', { stream: process.stdout }) : 'enabled'].join('  ');

function rolesOf(text: string): Role[] {
  return commaSeparated(text.toUpperCase()).map((role) => {
    if (!Object.hasOwn(Role, role)) throw new UsageError(`${role} is no role: expected ${Object.keys(Role).join(', ')}`);
    return role as Role;
  });
}

const commaSeparated = (text: string): string[] => text.split(',').map((part) => part.trim()).filter((part) => part !== '');

await runCommand(USAGE, async () => {
  const { values, positionals } = parseArgs({ allowPositionals: true, options: OPTIONS });
  const [name, username, ...more] = positionals;
  if (values.help) {
    process.stdout.write(`${USAGE}\n`);
    return;
  }
  if (values.password !== undefined) throw new UsageError('a password on the command line can be seen by others: leave it out and it is asked for');
  if (name === 'list' && username === undefined) return withTool((tool) => list(tool, values.json ?? false));
  const command = name !== undefined && Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (!command) throw new UsageError(name === undefined ? 'expected a command' : `${name} is no command`);
  if (username === undefined || more.length > 0) throw new UsageError(`expected ${name} <username>`);
  const work = await command(username, values);
  await withTool((tool) => audited(tool, `user ${name}`, username, () => work(tool)));
});
