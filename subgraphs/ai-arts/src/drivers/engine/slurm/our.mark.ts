const NAME_LENGTH = 200;

/** What every job of ours carries in Slurm: its comment says whose it is and which, its name the same for the accounting database, which may keep no comments. */
export class OurMark {
  constructor(private readonly installation: string) {}

  name(jobId: string): string {
    return `hutong-${jobId}`;
  }

  /** `hutong <installation> <our id> <name for people>`. */
  comment(jobId: string, name: string): string {
    return `hutong ${this.installation} ${jobId} ${name.replaceAll(/[\p{C}\s]+/gu, ' ').slice(0, NAME_LENGTH)}`.trim();
  }

  /** Our id of a job; undefined when it is not of this installation. */
  jobOf({ name, comment }: { name: string; comment: string | null }): string | undefined {
    const [mark, installation, jobId] = (comment ?? '').split(' ');
    return mark === 'hutong' && installation === this.installation && jobId && name === this.name(jobId) ? jobId : undefined;
  }

  /** Whether this can be the job, as far as the accounting database keeps what tells. */
  isOf(jobId: string, job: { name: string; comment: string | null }): boolean {
    return job.name === this.name(jobId) && (job.comment === null || this.jobOf(job) === jobId);
  }
}
