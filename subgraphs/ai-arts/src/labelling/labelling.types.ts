import { Field, ID, InputType, Int } from 'type-graphql';

@InputType({ description: 'Which project of the label server a dataset is labelled in.' })
export class LinkLabelingProjectInput {
  @Field(() => ID, { description: 'The dataset.' })
  datasetId!: string;

  @Field(() => String, { nullable: true, description: 'The id of the project there: 1 to 100 letters, digits, `.`, `_` and `-`; null or left out: none any more.' })
  projectId?: string | null;
}

@InputType({ description: 'A version of a dataset with the labels that its project has now.' })
export class ImportAnnotationsInput {
  @Field(() => ID, { description: 'The dataset, which must be linked to a project.' })
  datasetId!: string;

  @Field(() => String, { description: '1 to 100 characters: the version to be made; no other of the name may have it.' })
  version!: string;

  @Field(() => String, { nullable: true, description: 'A label, 1 to 100 characters, which is taken from the other version of the name that has it.' })
  alias?: string | null;

  @Field(() => String, { nullable: true, description: 'Up to 10,000 characters; by default as of the dataset.' })
  description?: string | null;

  @Field(() => String, { nullable: true, description: '1 to 255 characters that `uploadProgress` can be asked for; may repeat.' })
  token?: string | null;

  @Field(() => Int, { nullable: true, description: 'So many seconds, 0 to 600, the import may take, by default 20; one that takes longer is a TIMEOUT, and nothing of it stays.' })
  waitSeconds?: number | null;

  @Field(() => String, { nullable: true, description: '1 to 255 characters. The same token of the same user again answers the same version; with another input it is a CONFLICT.' })
  clientToken?: string | null;
}
