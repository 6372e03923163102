import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import { CloudError, type CloudImage } from '../driver.js';
import { unlessNotFound } from './nova.servers.js';
import type { OpenStackConnection } from './openstack.connection.js';
import type { OurMarks } from './our.marks.js';

const imageSchema = z.object({
  id: z.string(),
  name: z.string().nullish(),
  status: z.string(),
  size: z.number().nullish(),
  created_at: z.string().nullish(),
});
type Image = z.infer<typeof imageSchema>;

const FIRST_PAUSE_MS = 200;
const LONGEST_PAUSE_MS = 3_000;

/** Images in Glance, and those of them that are snapshots of ours. */
export class GlanceImages {
  constructor(
    private readonly cloud: OpenStackConnection,
    private readonly marks: OurMarks,
  ) {}

  /** Those that machines can be made of. */
  async list(signal: AbortSignal): Promise<CloudImage[]> {
    return (await this.#find({ status: 'active' }, signal)).map(shown);
  }

  async isUsable(id: string, signal: AbortSignal): Promise<boolean> {
    const image = await this.#get(id, signal).catch(unlessNotFound);
    return image?.status === 'active';
  }

  /** The image of a snapshot, in whatever state. */
  async ofSnapshot(snapshotId: string, signal: AbortSignal): Promise<string | undefined> {
    const [image] = await this.#find(this.marks.snapshotProperties(snapshotId), signal);
    return image?.id;
  }

  /** Waits until machines can be made of an image. @throws FAILED when the cloud gave it up */
  async untilActive(id: string, signal: AbortSignal): Promise<CloudImage> {
    for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(pause * 1.5, LONGEST_PAUSE_MS)) {
      const image = await this.#get(id, signal).catch(unlessNotFound);
      if (image?.status === 'active') return shown(image);
      if (!image || ['killed', 'deleted', 'pending_delete'].includes(image.status)) throw new CloudError('FAILED', 'the cloud could not make an image of the machine, and gave it up');
      await delay(pause, undefined, { signal }).catch(() => signal.throwIfAborted());
    }
  }

  /** Deletes every image of a snapshot, whole or not. @throws CONFLICT */
  async deleteSnapshot(snapshotId: string, signal: AbortSignal): Promise<void> {
    for (const { id } of await this.#find(this.marks.snapshotProperties(snapshotId), signal)) {
      await this.cloud.act({ service: 'image', method: 'DELETE', path: `/images/${encodeURIComponent(id)}`, asked: `deleting image ${id}` }, signal).catch(unlessNotFound);
    }
  }

  /** @throws what keeps Glance from answering */
  async check(signal: AbortSignal): Promise<void> {
    await this.cloud.read('image', '/images?limit=1', z.object({ images: z.array(z.unknown()) }), 'asking Glance', signal);
  }

  #find(filter: Record<string, string>, signal: AbortSignal): Promise<Image[]> {
    return this.cloud.list('image', `/images?${new URLSearchParams(filter).toString()}`, 'images', imageSchema, 'listing images', signal);
  }

  #get(id: string, signal: AbortSignal): Promise<Image> {
    return this.cloud.read('image', `/images/${encodeURIComponent(id)}`, imageSchema, `image ${id}`, signal);
  }
}

const shown = ({ id, name, size, created_at: created }: Image): CloudImage => ({ id, name: name || id, sizeBytes: size ?? null, createdAt: created ? new Date(created) : null });
