import { createHash } from 'node:crypto';
import { Router, type Request, type Response } from 'express';
import type { Contract } from '../engine/contract.js';
import { LANGUAGES, type Language } from '../engine/language.js';
import { openApi } from './document.js';
import { tellsRequestId } from './request-id.handler.js';

interface Page {
  bytes: Buffer;
  etag: string;
}

/** The documents at `/openapi.json` (all contracts) and `/openapi/<contract>.json`; made when they are first asked for. */
export function openApiRouter(contracts: readonly Contract[]): Router {
  const pages = new Map<string, Page>();
  const router = Router();
  router.use(['/openapi.json', '/openapi'], tellsRequestId);
  const serve = (path: string, chosen: readonly Contract[]) =>
    router.get(path, (request, response) => {
      const language = languageOf(request);
      const key = `${path} ${language}`;
      const page = pages.get(key) ?? pageOf(JSON.stringify(openApi(chosen, { language })));
      pages.set(key, page);
      send(request, response, page, language);
    });
  serve('/openapi.json', contracts);
  for (const contract of contracts) serve(`/openapi/${contract.name}.json`, [contract]);
  return router;
}

/** `?lang=` before `Accept-Language`; English for all others. */
export function languageOf(request: Request): Language {
  const asked = LANGUAGES.find((language) => language === request.query['lang']);
  return asked ?? LANGUAGES.find((language) => language === request.acceptsLanguages([...LANGUAGES])) ?? 'en';
}

function pageOf(text: string): Page {
  const bytes = Buffer.from(text);
  return { bytes, etag: `"${createHash('sha256').update(bytes).digest('base64url').slice(0, 27)}"` };
}

function send(request: Request, response: Response, { bytes, etag }: Page, language: Language): void {
  response.set({ 'cache-control': 'no-cache', 'content-language': language, etag, vary: 'Accept-Language', 'x-content-type-options': 'nosniff' });
  if (request.fresh) return void response.status(304).end();
  response.type('application/json; charset=utf-8').send(bytes);
}
