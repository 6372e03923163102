import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { buildSubgraphSchema } from '@apollo/subgraph';
import { LocalConnection, silentLog, unauthenticated, UploadScalar, type SubgraphRequest, type UploadedFile } from '@hutong/common';
import { parse } from 'graphql';

const SDL = `extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key"])
scalar Upload
type KeptFile { name: String, filename: String, mimetype: String!, bytes: Float!, sha256: String! }
input KeepInput { name: String!, files: [Upload!]! }
type Query { kept: Int!, look(file: Upload): Int }
type Mutation {
  keep(file: Upload!, name: String): KeptFile!
  keepMany(files: [Upload!]!, backwards: Boolean): [KeptFile!]!
  keepInput(input: KeepInput!): [KeptFile!]!
  pour(file: Upload!): Float!
  ignore(file: Upload): Boolean
  glance(file: Upload!): Int!
  stare(file: Upload!): Boolean
  memberOnly(file: Upload!): Boolean
}
`;

type Arriving = Promise<UploadedFile>;

interface KeptFile {
  name: string | undefined;
  filename: string;
  mimetype: string;
  bytes: number;
  sha256: string;
}

/** A subgraph that keeps files in a folder; one that was not kept whole is removed again. */
export class FilesSubgraph {
  readonly sdl = SDL;
  readonly schema = buildSubgraphSchema([{ typeDefs: parse(SDL), resolvers: this.#resolvers() }]);
  readonly connection = new LocalConnection({ name: 'files', schema: this.schema, contextFor: (request) => request, ready: async () => undefined, log: silentLog });
  /** What resolvers failed with. */
  readonly failures: unknown[] = [];
  /** Files whose bytes are being read. */
  reading = 0;
  #kept = 0;

  constructor(readonly folder: string) {}

  #resolvers() {
    return {
      Upload: UploadScalar,
      Query: { kept: () => this.#kept, look: () => 0 },
      Mutation: {
        keep: (_: unknown, { file, name }: { file: Arriving; name?: string }) => this.#keep(file, name),
        keepMany: async (_: unknown, { files, backwards }: { files: Arriving[]; backwards?: boolean }) => {
          const kept: KeptFile[] = [];
          for (const file of backwards ? files.toReversed() : files) kept.push(await this.#keep(file));
          return backwards ? kept.toReversed() : kept;
        },
        keepInput: async (_: unknown, { input }: { input: { name: string; files: Arriving[] } }) => {
          const files = await Promise.all(input.files);
          return Promise.all(files.map((file) => this.#keep(Promise.resolve(file), input.name)));
        },
        pour: (_: unknown, { file }: { file: Arriving }) => this.#pour(file),
        ignore: () => true,
        glance: async (_: unknown, { file }: { file: Arriving }) => {
          for await (const chunk of (await file).createReadStream() as AsyncIterable<Buffer>) return chunk[0];
          return -1;
        },
        stare: async (_: unknown, { file }: { file: Arriving }, { signal }: SubgraphRequest) => {
          const stream = (await file).createReadStream();
          await new Promise((_resolve, reject) => {
            stream.once('error', reject);
            signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
          });
        },
        memberOnly: (_: unknown, __: unknown, { caller }: SubgraphRequest) => {
          if (caller.userId === null) throw unauthenticated({});
          return true;
        },
      },
    };
  }

  async #keep(arriving: Arriving, name?: string): Promise<KeptFile> {
    const hash = createHash('sha256');
    let bytes = 0;
    const measured = async function* (source: AsyncIterable<Buffer>) {
      for await (const chunk of source) {
        hash.update(chunk);
        bytes += chunk.length;
        yield chunk;
      }
    };
    const { filename, mimetype } = await this.#write(arriving, (file, path) => pipeline(file.createReadStream(), measured, createWriteStream(path)));
    return { name, filename: filename ?? '', mimetype, bytes, sha256: hash.digest('hex') };
  }

  async #pour(arriving: Arriving): Promise<number> {
    let written = 0;
    await this.#write(arriving, async (file, path) => {
      const target = createWriteStream(path);
      await pipeline(file.createReadStream(), target);
      written = target.bytesWritten;
    });
    return written;
  }

  async #write(arriving: Arriving, write: (file: UploadedFile, path: string) => Promise<void>): Promise<UploadedFile> {
    const path = join(this.folder, String((this.#kept += 1)));
    try {
      const file = await arriving;
      this.reading += 1;
      try {
        await write(file, path);
      } finally {
        this.reading -= 1;
      }
      return file;
    } catch (error) {
      this.failures.push(error);
      await rm(path, { force: true });
      throw error;
    }
  }
}
