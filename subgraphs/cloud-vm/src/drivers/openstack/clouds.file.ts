import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import path from 'node:path';
import { SettingError } from '@hutong/common';
import { parse } from 'yaml';
import { z } from 'zod';

const text = z.union([z.string(), z.number()]).transform(String);
const cloudSchema = z.object({
  auth: z.record(z.string(), text.nullish()).default({}),
  region_name: text.nullish(),
  interface: text.nullish(),
  cacert: text.nullish(),
  verify: z.boolean().nullish(),
});
const fileSchema = z.object({ clouds: z.record(z.string(), cloudSchema) });

/** One cloud of a `clouds.yaml`. */
export type NamedCloud = z.infer<typeof cloudSchema>;

/**
 * The cloud of this name from `clouds.yaml`, with what a `secure.yaml` beside it adds: in the given file, else in the
 * folder that Hutong was started in, `~/.config/openstack` or `/etc/openstack`. Throws a `SettingError`.
 */
export function readNamedCloud(name: string, file: string | undefined): NamedCloud {
  const files = file === undefined ? ['.', path.join(homedir(), '.config/openstack'), '/etc/openstack'].map((folder) => path.join(folder, 'clouds.yaml')) : [file];
  const found = files.find((candidate) => textOf(candidate) !== undefined);
  if (found === undefined) throw new SettingError(`OS_CLOUD: there is no ${files.join(', nor ')} that says what cloud ${JSON.stringify(name)} is`);
  const cloud = cloudsIn(found)[name];
  if (!cloud) throw new SettingError(`OS_CLOUD: ${found} has no cloud ${JSON.stringify(name)}, only ${Object.keys(cloudsIn(found)).join(', ') || 'none at all'}`);
  const secure = path.join(path.dirname(found), 'secure.yaml');
  const secrets = textOf(secure) === undefined ? undefined : cloudsIn(secure)[name];
  return { ...cloud, auth: { ...cloud.auth, ...secrets?.auth } };
}

function textOf(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new SettingError(`OS_CLOUD: ${file} cannot be read: ${(error as Error).message}`);
  }
}

function cloudsIn(file: string): Record<string, NamedCloud> {
  let content: unknown;
  try {
    content = parse(textOf(file) ?? '', { prettyErrors: false });
  } catch (error) {
    throw new SettingError(`OS_CLOUD: ${file} is not YAML: ${(error as Error).message}`);
  }
  const checked = fileSchema.safeParse(content);
  if (checked.success) return checked.data.clouds;
  const [issue] = checked.error.issues;
  throw new SettingError(`OS_CLOUD: ${file}: ${issue?.path.join('.') || 'the file'}: ${issue?.message}`);
}
