import { Entity, PrimaryKey, Property } from '@mikro-orm/decorators/legacy';
import { Directive, Field, Float, ID, Int, ObjectType } from 'type-graphql';

const CAPACITY = 'null when the identifier does not say it.';

/** A registered computing identifier: the text as it was registered, and what it says. */
@Directive('@key(fields: "id")')
@Directive('@key(fields: "value")')
@ObjectType({ simpleResolvers: true, description: 'A registered computing identifier and what it says (contract interconnect, "The compute identifier").' })
@Entity({ tableName: 'computing_identifier' })
export class ComputingIdentifier {
  @Field(() => ID, { description: 'A number from 1 to 2147483647.' })
  @PrimaryKey({ type: 'integer' })
  id!: number;

  @Field(() => String, { description: 'The identifier exactly as it was registered, for example `1101tc200044013301502601009F1S1024N100P150`.' })
  @Property({ type: 'text' })
  value!: string;

  @Property({ type: 'text', fieldName: 'city' })
  cityCode!: string;

  @Property({ type: 'text', fieldName: 'industry' })
  industryCode!: string;

  @Property({ type: 'text', fieldName: 'organization' })
  organizationCode!: string;

  @Property({ type: 'text', fieldName: 'resource_type' })
  resourceTypeCode!: string;

  @Property({ type: 'text', fieldName: 'region' })
  regionCode!: string;

  @Property({ type: 'text', fieldName: 'availability_zone' })
  availabilityZoneCode!: string;

  @Property({ type: 'text', fieldName: 'service_type' })
  serviceTypeCode!: string;

  @Field(() => Float, { nullable: true, description: `F: computing total in PFLOPS, up to 3 fraction digits; ${CAPACITY}` })
  @Property({ type: 'decimal', precision: 13, scale: 3, nullable: true, runtimeType: 'number' })
  computeTotal!: number | null;

  @Field(() => Int, { nullable: true, description: `S: storage total in TB; ${CAPACITY}` })
  @Property({ type: 'integer', nullable: true })
  storageTotal!: number | null;

  @Field(() => Int, { nullable: true, description: `N: network total in Gbps; ${CAPACITY}` })
  @Property({ type: 'integer', nullable: true })
  networkTotal!: number | null;

  @Field(() => Int, { nullable: true, description: `P: power in kW; ${CAPACITY}` })
  @Property({ type: 'integer', nullable: true })
  power!: number | null;

  @Field(() => Date, { description: 'When it was first registered.' })
  @Property({ type: 'datetime' })
  createdAt!: Date;
}
