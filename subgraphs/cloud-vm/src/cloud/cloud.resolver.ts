import { Access } from '@hutong/common';
import { Ctx, Query, Resolver } from 'type-graphql';
import type { CloudVmContext } from '../services.js';
import { CloudStatus, VmFlavor, VmImage } from './cloud.types.js';

@Resolver()
export class CloudResolver {
  @Access('member')
  @Query(() => [VmImage], { description: 'What machines can be made of now, as the cloud lists it; new ones are seen within seconds. Errors: CLOUD_NOT_CONFIGURED, CLOUD_MISCONFIGURED, CLOUD_UNAVAILABLE.' })
  vmImages(@Ctx() { services }: CloudVmContext): Promise<VmImage[]> {
    return services.cloud.images();
  }

  @Access('member')
  @Query(() => [VmFlavor], { description: 'The sizes of machines, smallest memory first. Errors: CLOUD_NOT_CONFIGURED, CLOUD_MISCONFIGURED, CLOUD_UNAVAILABLE.' })
  vmFlavors(@Ctx() { services }: CloudVmContext): Promise<VmFlavor[]> {
    return services.cloud.flavors();
  }

  @Access('member')
  @Query(() => CloudStatus, { description: 'Whether machines can be launched, and if not, why.' })
  cloud(@Ctx() { services }: CloudVmContext): Promise<CloudStatus> {
    return services.cloud.status();
  }
}
