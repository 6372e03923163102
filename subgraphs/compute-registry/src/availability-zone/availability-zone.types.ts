import { connectionOf } from '@hutong/common';
import { Field, ObjectType } from 'type-graphql';
import { CodeName } from '../code-name/code-name.entity.js';

/** Somewhere compute was ever offered. */
@ObjectType({ simpleResolvers: true, description: 'A zone in which a resource was ever reported, by provider and industry (contract interconnect, GET computing_resources).' })
export class AvailabilityZone {
  @Field(() => CodeName, { description: 'The provider.' })
  organization!: CodeName;

  @Field(() => CodeName, { description: 'The city of the data centre.' })
  region!: CodeName;

  @Field(() => CodeName, { description: 'The zone within the region.' })
  availabilityZone!: CodeName;

  @Field(() => CodeName, { description: 'The industry.' })
  industry!: CodeName;
}

export const AvailabilityZoneConnection = connectionOf('AvailabilityZone', () => AvailabilityZone);
