import type { PageArguments } from '@hutong/common';
import { ArgsType, Field, Int } from 'type-graphql';

/** The page of a list. */
@ArgsType()
export class PageArgs implements PageArguments {
  @Field(() => Int, { nullable: true, description: 'Rows of the page; 20 when nothing is said.' })
  first?: number | null;

  @Field(() => String, { nullable: true, description: 'Cursor of the last row already seen.' })
  after?: string | null;

  @Field(() => Int, { nullable: true, description: 'Rows to pass over, for numbered pages; not with after.' })
  offset?: number | null;
}
