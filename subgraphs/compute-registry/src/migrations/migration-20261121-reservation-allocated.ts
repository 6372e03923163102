import { Migration } from '@mikro-orm/migrations';

/** When what is reserved was allocated by its provider; null while that is under way. */
export class Migration20261121ReservationAllocated extends Migration {
  override up(): void {
    this.addSql('alter table compute_registry.reservation add column allocated_at timestamptz');
    this.addSql('update compute_registry.reservation set allocated_at = reserved_at where released_at is null');
  }
}
