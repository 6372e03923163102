import { Entity, PrimaryKey, Property } from '@mikro-orm/decorators/legacy';

/**
 * Where one attempt to give a resource to a task stands. PENDING: written down, its reservation may or may not exist;
 * HELD: the task has it; RETURNING: its reservation is to be given back; RETURNED: nothing of it is left.
 */
export type AllocationState = 'PENDING' | 'HELD' | 'RETURNING' | 'RETURNED';

/** A failure as its caller saw it, for those who waited for the same outcome. */
export interface KeptFailure {
  code: string;
  status: number;
  message: string;
}

/** One attempt to give a resource to a task; written down before anything is asked of anybody. */
@Entity({ tableName: 'allocation' })
export class Allocation {
  /** The reservation's key, and the webhook's idempotency key. */
  @PrimaryKey({ type: 'uuid' })
  key!: string;

  @Property({ type: 'integer' })
  taskId!: number;

  @Property({ type: 'integer' })
  resourceId!: number;

  @Property({ type: 'text' })
  state!: AllocationState;

  /** The process that works on it while PENDING. */
  @Property({ type: 'uuid' })
  worker!: string;

  @Property({ type: 'text', nullable: true })
  resourceUrl: string | null = null;

  @Property({ type: 'json', columnType: 'json', nullable: true })
  failure: KeptFailure | null = null;

  @Property({ type: 'datetime' })
  createdAt!: Date;
}
