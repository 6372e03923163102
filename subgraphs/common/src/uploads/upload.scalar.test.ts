import 'reflect-metadata';
import { graphql } from 'graphql';
import { Upload, type FileUpload } from 'graphql-upload-ts';
import { Arg, Mutation, Query, Resolver } from 'type-graphql';
import { expect, test } from 'vitest';
import { Access } from '../caller/access.js';
import { anonymous } from '../caller/caller.js';
import { buildFederatedSchema } from '../graph/federated-schema.js';
import type { UploadedFile } from './arriving-file.js';
import { UploadScalar } from './upload.scalar.js';

@Resolver()
class FilesResolver {
  @Access('anyone')
  @Query(() => Boolean)
  there(): boolean {
    return true;
  }

  @Access('anyone')
  @Mutation(() => [String])
  async names(@Arg('files', () => [UploadScalar]) files: Promise<UploadedFile>[]): Promise<string[]> {
    return (await Promise.all(files)).map(({ filename }) => filename ?? '');
  }
}

test('a resolver class gets the files of a list, and what is none is told how to send one', async () => {
  const { schema, sdl } = await buildFederatedSchema({ name: 'files', resolvers: [FilesResolver] });
  expect(sdl).toContain('scalar Upload');
  const contextValue = { caller: anonymous, origin: 'client', requestId: 'r1', audit: { record: async () => undefined } };
  const names = (files: unknown[]) => graphql({ schema, source: 'mutation ($files: [Upload!]!) { names(files: $files) }', variableValues: { files }, contextValue });
  const upload = new Upload();
  upload.resolve({ filename: 'a.txt' } as FileUpload);
  expect((await names([upload])).data).toEqual({ names: ['a.txt'] });
  expect((await names(['a.txt'])).errors?.[0]?.message).toContain('expected a file: POST the operation as multipart/form-data');
});
