import { Upload, type FileUpload } from 'graphql-upload-ts';
export { type Upload } from 'graphql-upload-ts';
import type { UploadedFile } from './arriving-file.js';
import { uploadFailure } from './upload.failure.js';

/** A file among the variables of an operation. */
export interface UploadVariable {
  /** Where it stands, as the map of a multipart request says it: `variables.input.files.0`. */
  path: string;
  upload: Upload;
}

/** The files below a value, in the order in which they stand there. */
export function uploadsIn(value: unknown, path: string): UploadVariable[] {
  if (value instanceof Upload) return [{ path, upload: value }];
  if (value === null || typeof value !== 'object') return [];
  return Object.entries(value).flatMap(([key, item]) => uploadsIn(item, `${path}.${key}`));
}

/** A file that is here already, to stand among variables. */
export function uploadOf(file: UploadedFile): Upload {
  const upload = new Upload();
  upload.resolve(file as unknown as FileUpload);
  return upload;
}

/** Whether a value is a file of the request. */
export const isUpload = (value: unknown): boolean => value instanceof Upload;

/** The file when its turn has come; rejects with a HutongError. A reader who does not wait for it misses nothing. */
export function fileOf(upload: Upload): Promise<UploadedFile> {
  const file = upload.promise.catch((error: unknown) => Promise.reject(uploadFailure(error)));
  file.catch(() => undefined);
  return file;
}
