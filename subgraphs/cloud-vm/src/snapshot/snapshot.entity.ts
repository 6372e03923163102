import { Entity, PrimaryKey, Property } from '@mikro-orm/decorators/legacy';

/** An image as it was when the snapshot was done. */
export interface SnapshotImage {
  id: string;
  name: string;
  sizeBytes: number | null;
  createdAt: string | null;
}

/** A machine's disk that is to become, or became, an image. PENDING while its errand is; a machine has one of these at most. */
@Entity({ tableName: 'snapshot' })
export class Snapshot {
  @PrimaryKey({ type: 'uuid' })
  id!: string;

  @Property({ type: 'uuid' })
  virtualMachineId!: string;

  @Property({ type: 'text' })
  name!: string;

  @Property({ type: 'text' })
  state!: 'PENDING' | 'READY' | 'FAILED';

  /** Why it FAILED. */
  @Property({ type: 'text', nullable: true })
  reason: string | null = null;

  @Property({ type: 'json', columnType: 'json', nullable: true })
  image: SnapshotImage | null = null;

  @Property({ type: 'datetime' })
  createdAt!: Date;
}
