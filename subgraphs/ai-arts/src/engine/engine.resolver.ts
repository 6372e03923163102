import { Access } from '@hutong/common';
import { Ctx, Query, Resolver } from 'type-graphql';
import type { AiArtsContext } from '../services.js';
import { EngineStatus } from './engine.types.js';

@Resolver()
export class EngineResolver {
  @Access('member')
  @Query(() => EngineStatus, { description: 'Whether notebooks and trainings can run, and if not, why.' })
  engine(@Ctx() { services }: AiArtsContext): Promise<EngineStatus> {
    return services.engine.status();
  }
}
