import { GraphQLError, GraphQLScalarType } from 'graphql';
import { GraphQLUpload, Upload } from 'graphql-upload-ts';
import type { UploadedFile } from './arriving-file.js';
import { fileOf } from './upload-variables.js';

/** Where a value stands that only a file can be. */
export const FILE_EXPECTED = 'expected a file: POST the operation as multipart/form-data (GraphQL multipart request specification); a JSON body, a WebSocket and a stream of events carry none';

/**
 * A file that comes with the request: `@Arg('file', () => UploadScalar) file: Promise<UploadedFile>`. The promise resolves
 * when the file's first bytes are there, and rejects with what the caller is to be told.
 */
export const UploadScalar = new GraphQLScalarType<Promise<UploadedFile>, never>({
  ...(GraphQLUpload.toConfig() as object),
  name: 'Upload',
  description: 'A file, sent with a POST of multipart/form-data as the GraphQL multipart request specification says; only ever a variable of a mutation, used once.',
  parseValue(value) {
    if (!(value instanceof Upload)) throw new GraphQLError(FILE_EXPECTED);
    return fileOf(value);
  },
});
