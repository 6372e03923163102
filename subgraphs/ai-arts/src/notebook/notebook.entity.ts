import { Entity, Property } from '@mikro-orm/decorators/legacy';
import { Directive, Field, ObjectType } from 'type-graphql';
import { Job } from '../job/job.entity.js';

/** A Jupyter server of one user, with files that stay over stop and start. */
@Directive('@key(fields: "id")')
@ObjectType({ simpleResolvers: true, implements: Job, description: 'A Jupyter server of one user, with files that stay when it is stopped and started again. Serves /ai_arts/api/codes.' })
@Entity({ discriminatorValue: 'NOTEBOOK' })
export class Notebook extends Job {
  /** Whether its code has been brought into its folder, which happens once. */
  @Property({ type: 'boolean' })
  isCodeCopied = false;

  @Field(() => Date, { nullable: true, description: 'When it was last used, by what Jupyter says, within a minute or so; null when it never was ready. One that is not used for NOTEBOOK_IDLE_HOURS is stopped.' })
  @Property({ type: 'datetime', nullable: true })
  lastActivityAt: Date | null = null;

  /** Whether it is being stopped because nobody uses it. */
  @Property({ type: 'boolean' })
  isIdle = false;
}
