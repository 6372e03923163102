import { BigIntType } from '@mikro-orm/core';
import { Entity, PrimaryKey, Property } from '@mikro-orm/decorators/legacy';
import { Field, Float, ID, ObjectType } from 'type-graphql';

/** What a kept picture is: UPLOADED for a service to look at, or DRAWN with what it has found. */
export type ImageKind = 'UPLOADED' | 'DRAWN';

/** A picture that is kept for a while. */
@ObjectType('UploadedImage', { simpleResolvers: true, description: 'A picture that is kept for a while, to be recognised by its id.' })
@Entity({ tableName: 'image' })
export class KeptImage {
  @Field(() => ID, { description: 'A UUID; `imageId` of recognizeImage.' })
  @PrimaryKey({ type: 'uuid' })
  id!: string;

  @Property({ type: 'text' })
  ownerId!: string;

  /** For which service it came. */
  @Property({ type: 'uuid' })
  serviceId!: string;

  @Property({ type: 'text' })
  kind!: ImageKind;

  /** Null until all its bytes are kept. */
  @Field(() => Float, { description: 'Its size in bytes.' })
  @Property({ type: new BigIntType('number'), nullable: true })
  sizeBytes: number | null = null;

  @Field(() => Date, { description: 'When it came.' })
  @Property({ type: 'datetime' })
  createdAt!: Date;

  @Field(() => Date, { description: 'When it is deleted: INFERENCE_IMAGE_MINUTES after it came, or when INFERENCE_IMAGES_PER_USER newer ones have come.' })
  @Property({ type: 'datetime' })
  expiresAt!: Date;
}
