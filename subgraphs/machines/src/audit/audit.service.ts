import { decodeCursor, pageOf, pageWindow, type AuditRecord, type Connection, type PageArguments, type RequestScope } from '@hutong/common';
import { isUuid } from '../input/ids.js';
import { AuditEntry } from './audit-entry.entity.js';
import { AuditWriter } from './audit.writer.js';

const LONGEST_TEXT = 200;

/** Which entries to list. */
export interface AuditFilter {
  actor?: string | null | undefined;
  action?: string | null | undefined;
}

/** What was changed, by whom, with what outcome; written for every mutation of every subgraph. */
export class AuditService {
  readonly #writer = new AuditWriter();

  /** Keeps a record. It never refuses one for its text: that is cut, and cleared of what cannot be stored. */
  async keep({ em }: Pick<RequestScope, 'em'>, { actorId, action, subject, requestId, outcome, at }: AuditRecord): Promise<void> {
    await this.#writer.write(em, [at, actorId !== null && isUuid(actorId) ? actorId : null, storable(action), subject === null ? null : storable(subject), storable(requestId), storable(outcome)]);
  }

  /** Entries, newest first. */
  async list({ em, maxPageSize }: RequestScope, { actor, action }: AuditFilter, page: PageArguments): Promise<Connection<AuditEntry>> {
    const window = pageWindow(page, maxPageSize);
    const before = window.after === null ? null : String(decodeCursor(window.after, 1)[0]);
    const isNobody = (actor != null && !isUuid(actor)) || (before !== null && !/^\d{1,18}$/.test(before));
    const where = {
      ...(actor == null ? {} : { actorId: actor }),
      ...(action == null ? {} : { action: storable(action) }),
    };
    const rows = isNobody
      ? []
      : await em.fork().find(AuditEntry, { ...where, ...(before === null ? {} : { id: { $lt: before } }) }, { orderBy: { id: 'desc' }, limit: window.limit + 1 });
    return pageOf({ rows, window, keyOf: ({ id }) => [id], totalCount: async () => (isNobody ? 0 : em.fork().count(AuditEntry, where)) });
  }
}

function storable(text: string): string {
  const clean = text.toWellFormed().replaceAll('\0', '\uFFFD');
  return clean.length <= LONGEST_TEXT ? clean : `${clean.slice(0, LONGEST_TEXT).toWellFormed()}…`;
}
