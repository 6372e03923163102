import { Access } from '@hutong/common';
import { Ctx, Query, Resolver } from 'type-graphql';
import type { AiArtsContext } from '../services.js';
import { StorageUse } from './storage.types.js';

@Resolver()
export class StorageResolver {
  @Access('member')
  @Query(() => StorageUse, { description: 'What the caller has in the store of files, and may have.' })
  storage(@Ctx() { em, caller, services }: AiArtsContext): Promise<StorageUse> {
    return services.storageQuota.useOf(em, caller.userId ?? '');
  }
}
