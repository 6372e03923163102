import { Migration } from '@mikro-orm/migrations';

/** The numbers of jobs that were let in; see JobQuota. */
export class Migration20261122Admission extends Migration {
  override up(): void {
    this.addSql('create sequence ai_arts.job_admission;');
  }
}
