import { access, constants } from 'node:fs/promises';
import path from 'node:path';

/** What an administrator does where there is no Jupyter server. */
export const remedyFor = (command: readonly string[]): string =>
  `there is no ${command[0]} on the engine; install it (on Debian: apt-get install -y --no-install-recommends jupyter-server python3-ipykernel), or name another program in NOTEBOOK_COMMAND`;

/** Whether a program can be run, by its path or found in one of these folders. */
export async function isProgram(program: string, folders: readonly string[]): Promise<boolean> {
  const places = program.includes('/') ? [program] : folders.map((folder) => path.join(folder, program));
  const found = await Promise.all(places.map((place) => access(place, constants.X_OK).then(() => true, () => false)));
  return found.includes(true);
}
