import type { ApolloServerOptions } from '@apollo/server';
import type { DocumentNode } from 'graphql';
import { LRUCache } from 'lru-cache';
import type { GraphqlRequestContext } from './graphql-request.js';
import { documentBytes } from '../limits/document-bytes.js';

const REMEMBERED_BYTES = 16_000_000;

/** Apollo Server's valid documents, those used last. Its own store counts their JSON, of which they take several times as much. */
export function documentStore(): NonNullable<ApolloServerOptions<GraphqlRequestContext>['documentStore']> {
  const documents = new LRUCache<string, DocumentNode>({ maxSize: REMEMBERED_BYTES, sizeCalculation: ({ loc }) => documentBytes(loc?.source.body ?? '') });
  return {
    get: async (key) => documents.get(key),
    set: async (key, document) => void documents.set(key, document),
    delete: async (key) => documents.delete(key),
  };
}
