import { z } from 'zod';
import { route, type Route } from '../engine/contract.js';
import type { Bilingual } from '../engine/language.js';
import { text } from '../engine/value.shapes.js';
import { DATASET_PATH } from './examples.js';
import { uploadAnswer } from './file.answers.js';

/** What an uploaded file is for, in the graph's words. */
type Purpose = 'CODE' | 'DATASET' | 'MODEL';

const form = z.object({
  dir: text.optional().meta({ en: 'A folder that the files are kept in, below the path that is answered.', zh: '保存文件的子目录' }),
  isPrivate: text.optional().meta({ en: 'Only false is public.', zh: '仅 false 表示公开' }),
});

/** A row that keeps a file, or what an archive unpacks to, until something is made of it. */
export const uploadRoute = (path: string, purpose: Purpose, summary: Bilingual): Route =>
  route<z.output<typeof form>, { uploadFiles: { path: string } }>({
    method: 'POST',
    path,
    summary,
    credential: 'required',
    takes: { from: 'upload', file: 'data', shape: form },
    operation: 'UploadFiles',
    refuses: ['PATH_INVALID', 'FILE_TYPE_REFUSED', 'ARCHIVE_BROKEN', 'FILES_TOO_LARGE', 'STORE_FULL', 'STORE_UNAVAILABLE', 'UPLOAD_FAILED'],
    variables: ({ dir, isPrivate }, { file }) => ({ input: { file, purpose, dir: dir || null, isPrivate: isPrivate !== 'false' } }),
    result: ({ uploadFiles: { path: kept } }) => ({ path: kept }),
    answers: uploadAnswer,
    example: { answers: { path: DATASET_PATH } },
    fields: { 'input.file': 'data' },
  });
