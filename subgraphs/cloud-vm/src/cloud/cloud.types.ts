import { Field, Float, ID, Int, ObjectType } from 'type-graphql';

@ObjectType({ simpleResolvers: true, description: 'What machines can be made of.' })
export class VmImage {
  @Field(() => ID, { description: "The cloud's id; taken in place of the name." })
  id!: string;

  @Field(() => String, { description: 'May repeat; a name that does cannot be launched by name.' })
  name!: string;

  @Field(() => Float, { nullable: true, description: 'Bytes that it takes in the store; null when the cloud does not say.' })
  sizeBytes!: number | null;

  @Field(() => Date, { nullable: true, description: 'When it was made; null when the cloud does not say.' })
  createdAt!: Date | null;
}

@ObjectType({ simpleResolvers: true, description: 'A size of machines.' })
export class VmFlavor {
  @Field(() => ID, { description: "The cloud's id; taken in place of the name." })
  id!: string;

  @Field(() => String, { description: 'For example m1.small; may repeat.' })
  name!: string;

  @Field(() => Int, { description: 'Virtual processors.' })
  cpus!: number;

  @Field(() => Float, { description: 'Memory in bytes.' })
  memoryBytes!: number;

  @Field(() => Float, { description: 'Disk in bytes; 0: as large as the image.' })
  diskBytes!: number;
}

@ObjectType({ simpleResolvers: true, description: 'The cloud that machines are launched on.' })
export class CloudStatus {
  @Field(() => String, { description: '`openstack`, `qemu`, or `none`.' })
  driver!: string;

  @Field(() => Boolean, { description: 'Whether machines can be launched now, as far as can be told without launching one.' })
  ready!: boolean;

  @Field(() => String, { nullable: true, description: 'What is wrong and what to do about it, in one line; null when all is well.' })
  message!: string | null;
}
