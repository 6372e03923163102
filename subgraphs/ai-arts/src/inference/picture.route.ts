import type { IncomingMessage, ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';
import { badInput, type SubgraphRoute } from '@hutong/common';
import { imageNotFound } from '../errors.js';
import type { AiArtsContext, AiArtsServices } from '../services.js';
import { PICTURES } from './picture.links.js';

const HEADERS = {
  'content-type': 'image/png',
  'x-content-type-options': 'nosniff',
  'content-security-policy': "default-src 'none'; sandbox",
  'cache-control': 'private, no-store',
  'referrer-policy': 'no-referrer',
};

/** `GET /ai_arts/pictures/<id>?link=…`: a picture with boxes drawn, as `pictureUrl` names it. */
export const pictureRoute: SubgraphRoute<AiArtsServices> = { path: PICTURES, methods: ['GET', 'HEAD'], origin: 'api', handle: answer };

/** @throws BAD_INPUT, IMAGE_NOT_FOUND, STORE_UNAVAILABLE */
async function answer(request: IncomingMessage, response: ServerResponse, { services: { images, pictureLinks }, signal }: AiArtsContext): Promise<void> {
  const id = pictureLinks.read(request.url!);
  if (id === undefined) throw badInput({ field: 'link', problem: 'it is not a link of ours, or more than five minutes old; ask for `pictureUrl` again' });
  const image = await images.drawn(id);
  if (!image) throw imageNotFound({ id });
  const headers = { ...HEADERS, 'content-length': image.sizeBytes! };
  if (request.method === 'HEAD') return void response.writeHead(200, headers).end();
  const body = await images.read(image, signal);
  response.writeHead(200, headers);
  await pipeline(body, response);
}
