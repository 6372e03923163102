import { Field, ID, InputType, registerEnumType } from 'type-graphql';

/** What lists of datasets and models may be ordered by. */
export enum ArtifactOrder {
  CREATED_AT = 'CREATED_AT',
  UPDATED_AT = 'UPDATED_AT',
  NAME = 'NAME',
  SIZE = 'SIZE',
}

registerEnumType(ArtifactOrder, {
  name: 'ArtifactOrder',
  description: 'What a list of datasets or models is ordered by; ties by when they were made.',
  valuesConfig: {
    CREATED_AT: { description: 'When it was made.' },
    UPDATED_AT: { description: 'When it was changed last.' },
    NAME: { description: 'Its name, by the alphabet.' },
    SIZE: { description: 'The bytes of its files.' },
  },
});

/** What is said of a dataset or model, beside its files. */
@InputType()
export abstract class ArtifactInput {
  @Field(() => String, { description: '1 to 255 characters; with the version it must be the only one of the caller.' })
  name!: string;

  @Field(() => String, { nullable: true, description: '1 to 100 characters; by default `1`.' })
  version?: string | null;

  @Field(() => String, { nullable: true, description: 'A label, 1 to 100 characters, which is taken from the other version of the name that has it.' })
  alias?: string | null;

  @Field(() => String, { nullable: true, description: 'Up to 10,000 characters.' })
  description?: string | null;

  @Field(() => Boolean, { nullable: true, description: 'False: everybody who is signed in sees it; by default true.' })
  isPrivate?: boolean | null;
}

@InputType()
export abstract class UpdateArtifactInput {
  @Field(() => ID, { description: 'Which one.' })
  id!: string;

  @Field(() => String, { nullable: true, description: 'Another name; left out: the same.' })
  name?: string | null;

  @Field(() => String, { nullable: true, description: 'Another label; empty: none; left out: the same.' })
  alias?: string | null;

  @Field(() => String, { nullable: true, description: 'Another description; empty: none; left out: the same.' })
  description?: string | null;

  @Field(() => Boolean, { nullable: true, description: 'Left out: as it is.' })
  isPrivate?: boolean | null;
}

@InputType()
export abstract class ArtifactFilter {
  @Field(() => String, { nullable: true, description: 'Only those whose name has this in it, whatever the case.' })
  name?: string | null;

  @Field(() => String, { nullable: true, description: 'Only this version.' })
  version?: string | null;

  @Field(() => String, { nullable: true, description: 'Only the versions with this label.' })
  alias?: string | null;

  @Field(() => Boolean, { nullable: true, description: 'True: only private ones; false: only public ones.' })
  isPrivate?: boolean | null;

  @Field(() => ID, { nullable: true, description: 'Only those of this user.' })
  owner?: string | null;
}
