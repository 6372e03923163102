import { Seal } from '@hutong/common';
import { z } from 'zod';

/** Where drawn pictures are got from, below the address of the graph. */
export const PICTURES = '/ai_arts/pictures';

const LIFETIME_MS = 5 * 60 * 1_000;

const picture = z.object({ imageId: z.uuid() });

/** Links to drawn pictures that anybody who has one may follow for five minutes, as a page shows them without a credential. */
export class PictureLinks {
  readonly #seal: Seal<z.infer<typeof picture>>;

  constructor(secret: string, now?: () => number) {
    this.#seal = new Seal({ secret, purpose: 'picture link', schema: picture, now });
  }

  /** A path with a query, to be taken from the address of the graph. */
  linkTo(imageId: string): string {
    return `${PICTURES}/${imageId}?link=${this.#seal.close({ imageId }, LIFETIME_MS)}`;
  }

  /** The picture that an address leads to; undefined when its link is none of ours, was changed, is for another one, or its time is over. */
  read(url: string): string | undefined {
    const { pathname, searchParams } = new URL(url, 'http://localhost');
    const imageId = this.#seal.open(searchParams.get('link') ?? undefined)?.imageId;
    return pathname === `${PICTURES}/${imageId}` ? imageId : undefined;
  }
}
