import { describedStates } from '@hutong/common';
import { Entity, PrimaryKey, Property } from '@mikro-orm/decorators/legacy';
import { Directive, Field, ID, ObjectType, registerEnumType } from 'type-graphql';
import type { Requirements } from '../template/requirements.js';
import type { TemplateObject } from '../template/template.limits.js';
import { TASK_STATES, TaskState } from './task.states.js';

registerEnumType(TaskState, {
  name: 'TaskState',
  description: 'Where a task stands.',
  valuesConfig: describedStates(TASK_STATES),
});

/** A task: its template as it was sent, what was offered for it, and what it got. */
@Directive('@key(fields: "id")')
@ObjectType({ simpleResolvers: true, description: 'A task: its template as it was sent, the resources offered for it, and the one it got.' })
@Entity({ tableName: 'task' })
export class Task {
  @Field(() => ID, { description: 'A decimal integer from 1 to 2^31-1; the legacy task_id.' })
  @PrimaryKey({ type: 'integer' })
  id!: number;

  @Property({ type: 'text' })
  ownerId!: string;

  @Field(() => TaskState, { description: 'Where the task stands now.' })
  @Property({ type: 'text' })
  state!: TaskState;

  @Field(() => String, { nullable: true, description: 'Why the last choice failed: set in FAILED, and in ALLOCATED after a move that failed.' })
  @Property({ type: 'text', nullable: true })
  stateReason: string | null = null;

  @Field(() => Object, { description: 'The template exactly as it was sent.' })
  @Property({ type: 'json', columnType: 'json' })
  template!: TemplateObject;

  @Field(() => String, { nullable: true, description: 'Where the task came from, in the words of who submitted it.' })
  @Property({ type: 'text', nullable: true })
  source: string | null = null;

  @Field(() => String, { nullable: true, description: 'The session it was submitted in, in the words of who submitted it.' })
  @Property({ type: 'text', nullable: true })
  sessionIdentifier: string | null = null;

  @Property({ type: 'json', columnType: 'json' })
  requirements!: Requirements;

  /** How many resources matched, of which the best 100 are offers. */
  @Property({ type: 'integer' })
  matchCount!: number;

  @Property({ type: 'text', nullable: true })
  clientToken: string | null = null;

  /** What the same client token must come with again. */
  @Property({ type: 'text' })
  requestHash!: string;

  @Property({ type: 'integer', nullable: true })
  chosenResourceId: number | null = null;

  @Field(() => String, { nullable: true, description: 'Where the resource can be reached: http or https, at most 2,048 characters. Null unless ALLOCATED.' })
  @Property({ type: 'text', nullable: true })
  resourceUrl: string | null = null;

  @Field(() => Date, { nullable: true, description: 'When the task expires unless something happens before; null: never.' })
  @Property({ type: 'datetime', nullable: true })
  expiresAt: Date | null = null;

  @Field(() => Date, { description: 'When the task was submitted.' })
  @Property({ type: 'datetime' })
  createdAt!: Date;
}
