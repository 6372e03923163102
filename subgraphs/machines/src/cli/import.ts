import path from 'node:path';
import { parseArgs } from 'node:util';
import { readToolSettings } from '../environment.js';
import { machinesOf } from '../import/machines.file.js';
import { readRecords } from '../import/record.file.js';
import { usersOf } from '../import/users.file.js';
import type { MachineRecord } from '../machine/machine.rules.js';
import type { UserRecord } from '../import/users.file.js';
import { startProgress, type Progress } from './progress.js';
import { audited, runCommand, UsageError, withTool, type Tool } from './terminal.js';

const USAGE = `Usage: npm run import -- [options] <users.json> <machines.json>

Takes over the files of the old service, in either order or one alone: users as [{ "id", "username", "password" }],
machines as [{ "id", "cpus", "status", "mem", "GPU", "ip", "name", "maxdisk", … }]. May be repeated: known users and
machines are updated. Each file is stored whole or not at all, and nothing before both were found in order.

  --private   new machines are seen by admins only; without it, by every user, as the old service showed them
  --help      shows this`;

type ImportFile = { shownAs: string } & ({ users: UserRecord[] } | { machines: MachineRecord[] });

async function readFile(file: string, workingDirectory: string): Promise<ImportFile> {
  const shownAs = path.basename(file);
  const records = await readRecords(path.resolve(workingDirectory, file), shownAs);
  const isUsers = records.some((record) => typeof record === 'object' && record !== null && ('username' in record || 'password' in record));
  const isEmptyUsers = records.length === 0 && /user/i.test(shownAs);
  return isUsers || isEmptyUsers ? { shownAs, users: usersOf(records, shownAs) } : { shownAs, machines: machinesOf(records, shownAs) };
}

async function importUsers(tool: Tool, users: UserRecord[], shownAs: string): Promise<string> {
  const progress = startProgress('Checking and hashing passwords', users.length);
  const { created, passwordsChanged, unchanged } = await shown(progress, () =>
    audited(tool, 'importUsers', shownAs, () => tool.services.imports.users(tool.scope, users, shownAs, () => progress.advance())));
  return `${shownAs}: ${users.length} users: ${created} created, ${passwordsChanged} with a new password, ${unchanged} unchanged`;
}

async function importMachines(tool: Tool, machines: MachineRecord[], shownAs: string, everyone: boolean): Promise<string> {
  const progress = startProgress('Storing machines', machines.length);
  const changed = await shown(progress, () =>
    audited(tool, 'importMachines', shownAs, () => tool.services.imports.machines(tool.scope, machines, everyone, (count) => progress.advance(count))));
  return `${shownAs}: ${machines.length} machines: ${changed} new or changed, ${machines.length - changed} unchanged`;
}

async function shown<Result>(progress: Progress, work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } finally {
    progress.stop();
  }
}

await runCommand(USAGE, async () => {
  const { values, positionals } = parseArgs({ allowPositionals: true, options: { private: { type: 'boolean' }, help: { type: 'boolean', short: 'h' } } });
  if (values.help) {
    process.stdout.write(`${USAGE}\n`);
    return;
  }
  if (positionals.length < 1 || positionals.length > 2) throw new UsageError('expected one or two files');
  const { workingDirectory } = readToolSettings();
  const files = await Promise.all(positionals.map((file) => readFile(file, workingDirectory)));
  await withTool(async (tool) => {
    for (const file of files) {
      const line = 'users' in file ? await importUsers(tool, file.users, file.shownAs) : await importMachines(tool, file.machines, file.shownAs, !values.private);
      process.stdout.write(`${line}\n`);
    }
  });
});
