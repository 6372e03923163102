import { actor, type Actor } from '../testkit/actor.js';
import { filesOfTarGz } from '../testkit/archive.js';
import { changed } from './world.values.js';

/** Stands for what the world marks its own things by, as public ones of other worlds are seen in it, too. */
export const MARK = '@@@@@@';

/** A user with files and jobs. */
export interface UserWorld {
  actor: Actor;
  mark: string;
  /** What uploads have answered. */
  paths: string[];
  /** Ids of each kind of thing, in the order in which they were made. */
  ids: Record<'datasets' | 'models' | 'codes' | 'trainings' | 'inferences' | 'images', string[]>;
}

let made = 0;

export async function userWorld(root: Actor): Promise<UserWorld> {
  const mark = `W${String(made++).padStart(5, '0')}`;
  return { actor: await actor(root, `user ${mark}`), mark, paths: [], ids: { datasets: [], models: [], codes: [], trainings: [], inferences: [], images: [] } };
}

/** An input with the world's own mark. */
export const marked = <Input>({ mark }: UserWorld, input: Input): Input => changed(input, { text: (text) => text.replaceAll(MARK, mark) }) as Input;

/** The path of the nth upload, or what stands in its place. */
export function pathIn({ paths }: UserWorld, given: unknown): unknown {
  if (typeof given === 'number') return paths[given] ?? 'dataset/none';
  if (typeof given === 'object' && given !== null) {
    const { at, inside } = given as { at: number; inside: string };
    return `${paths[at] ?? 'dataset/none'}/${inside}`;
  }
  return given;
}

const UUID = /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/g;
const MOMENTS = ['createdAt', 'updatedAt', 'createTime', 'startTime', 'endTime', 'jobTime'];

/** What a world has answered, as an equal one would: its mark, ids and moments are its own. */
export function unmarked({ mark, ids, paths }: UserWorld, output: unknown): unknown {
  const uuids = [...Object.values(ids).flat(), ...paths.map((path) => path.split('/')[1]!)];
  const numberOf = (id: number, kind: 'datasets' | 'models') => `number ${ids[kind].indexOf(String(id))} of ${kind}`;
  return changed(output, {
    text: (text) => text.replaceAll(mark, MARK).replaceAll(UUID, (uuid) => (uuids.includes(uuid) ? `uuid ${uuids.indexOf(uuid)}` : 'another uuid')),
    number(value, key) {
      if (MOMENTS.includes(key)) return value === 0 ? 'not yet' : 'a moment';
      if (key === 'modelId') return numberOf(value, 'models');
      return key === 'id' ? [numberOf(value, 'datasets'), numberOf(value, 'models')].find((name) => !name.includes('-1')) : value;
    },
  });
}

/** A download as equal worlds have it: an archive says when it was packed. */
export async function unpacked(data: unknown): Promise<unknown> {
  const { name, type, bytes } = data as { name: string; type: string; bytes: string };
  if (type !== 'application/gzip') return { name, type, bytes };
  const files = await filesOfTarGz(Buffer.from(bytes, 'base64'));
  return { name, type, files: Object.fromEntries(Object.entries(files).map(([path, content]) => [path, content.toString('base64')])) };
}
