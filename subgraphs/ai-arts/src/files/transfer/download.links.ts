import { Seal } from '@hutong/common';
import { z } from 'zod';

/** Where files are got from, below the address of the graph. */
export const DOWNLOADS = '/ai_arts/files';

const LIFETIME_MS = 5 * 60 * 1_000;

const linked = z.object({ fileSetId: z.string(), folder: z.string(), title: z.string() });

/** What a link leads to. */
export type LinkedFiles = z.infer<typeof linked>;

/** Links that anybody who has one may follow for five minutes, for browsers, which cannot send a credential with a download. */
export class DownloadLinks {
  readonly #seal: Seal<LinkedFiles>;

  constructor(secret: string, now?: () => number) {
    this.#seal = new Seal({ secret, purpose: 'download link', schema: linked, now });
  }

  /**
   * A path with a query, to be taken from the address of the graph.
   *
   * @param files `folder` is what is got of the set, a folder or a file, empty: all of it; `title` is what an archive is called
   */
  linkTo(files: LinkedFiles): string {
    const { fileSetId, folder } = files;
    const path = [fileSetId, ...folder.split('/').filter((part) => part !== '')].map(encodeURIComponent).join('/');
    return `${DOWNLOADS}/${path}?link=${this.#seal.close(files, LIFETIME_MS)}`;
  }

  /** What a link leads to; undefined when it is none of ours, was changed, or its time is over. */
  read(link: string | null): LinkedFiles | undefined {
    return this.#seal.open(link ?? undefined);
  }
}
