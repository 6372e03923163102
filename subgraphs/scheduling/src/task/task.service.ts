import { badInput, conflict, decodeIdCursor, HutongError, pageOf, pageWindow, sql, type Connection, type PageArguments, type RequestScope } from '@hutong/common';
import { UniqueConstraintViolationException, type EntityManager, type FilterQuery } from '@mikro-orm/postgresql';
import type { SchedulingSettings } from '../environment.js';
import type { ComputeRegistry, Match } from '../foreign/compute-registry.peer.js';
import { TEMPLATE_KEYS } from '../template/template.keys.js';
import { readSubmission, type Submission } from './submission.js';
import { Task } from './task.entity.js';
import type { TaskEvents } from './task.events.js';
import { visibleTasks } from './task.reference.js';
import { TaskState } from './task.states.js';
import type { SubmitTaskInput, TaskFilter } from './task.types.js';

/** How many of the matches are stored and may be chosen. */
const MOST_OFFERS = 100;

interface TaskServiceParts {
  registry: ComputeRegistry;
  events: TaskEvents;
  settings: Pick<SchedulingSettings, 'offerExpiryMs'>;
}

/** Takes tasks in and lists them. */
export class TaskService {
  constructor(private readonly parts: TaskServiceParts) {}

  /**
   * Matches a template and stores the task with its best 100 offers.
   *
   * @throws BAD_INPUT and LIMIT_EXCEEDED with the field, CONFLICT for a client token that was used for something else
   */
  async submit(scope: RequestScope, input: SubmitTaskInput): Promise<Task> {
    const submission = readSubmission(input);
    const earlier = await this.#earlier(scope, submission);
    if (earlier) return earlier;
    const match = await this.#match(scope, submission);
    try {
      return await scope.em.transactional((tx) => this.#store(tx, scope, submission, match));
    } catch (error) {
      // The same token came twice at once, and the other one was stored first.
      if (!(error instanceof UniqueConstraintViolationException)) throw error;
      const winner = await this.#earlier(scope, submission);
      if (winner) return winner;
      throw error;
    }
  }

  /** A page of the caller's tasks (an admin's: all), newest first. */
  async list(scope: RequestScope, filter: TaskFilter, page: PageArguments): Promise<Connection<Task>> {
    const window = pageWindow(page, scope.maxPageSize);
    const { state, source, sessionIdentifier, owner } = filter;
    const asked = Object.fromEntries(Object.entries({ state, source, sessionIdentifier, ownerId: owner }).filter(([, value]) => value != null));
    const wanted: FilterQuery<Task> = { $and: [asked, visibleTasks(scope)] };
    const before = window.after === null ? undefined : decodeIdCursor(window.after);
    const rows = await scope.em.find(Task, before === undefined ? wanted : { $and: [wanted, { id: { $lt: before } }] }, {
      orderBy: { id: 'desc' },
      limit: window.limit + 1,
    });
    return pageOf({ rows, window, keyOf: ({ id }) => [id], totalCount: () => scope.em.fork().count(Task, wanted) });
  }

  async #earlier({ em, caller }: RequestScope, { clientToken, hash }: Submission): Promise<Task | null> {
    if (clientToken === null) return null;
    const earlier = await em.fork().findOne(Task, { ownerId: caller.userId ?? '', clientToken });
    if (earlier && earlier.requestHash !== hash)
      throw conflict({ field: 'input.clientToken', reason: 'input.clientToken: this token was used before, with another input' });
    return earlier;
  }

  /** Asks for matches; a fault that compute-registry finds in a requirement is told of the template's key. */
  async #match(scope: RequestScope, { parsed: { requirements, base } }: Submission): Promise<Match> {
    try {
      return await this.parts.registry.match(scope, requirements, MOST_OFFERS);
    } catch (error) {
      const field = error instanceof HutongError && error.code === 'BAD_INPUT' ? error.extensions.field : undefined;
      const [, requirement = '', rest = ''] = /^requirements\.(\w+)(.*)$/.exec(String(field)) ?? [];
      const key = Object.keys(TEMPLATE_KEYS).find((name) => TEMPLATE_KEYS[name]?.requirement === requirement);
      if (!(error instanceof HutongError) || key === undefined) throw error;
      throw badInput({ field: `${base}.${key}${rest}`, problem: error.message.replace(`${String(field)}: `, '') });
    }
  }

  async #store(tx: EntityManager, { caller }: RequestScope, submission: Submission, match: Match): Promise<Task> {
    const { template, parsed, source, sessionIdentifier, clientToken, hash } = submission;
    const now = new Date();
    const task = tx.create(Task, {
      ownerId: caller.userId ?? '',
      state: TaskState.OFFERED,
      template,
      source,
      sessionIdentifier,
      requirements: parsed.requirements,
      matchCount: match.totalCount,
      clientToken,
      requestHash: hash,
      expiresAt: new Date(now.getTime() + this.parts.settings.offerExpiryMs),
      createdAt: now,
    } as Task);
    await tx.persist(task).flush();
    const ids = match.resourceIds.slice(0, MOST_OFFERS);
    const scores = ids.map((_, index) => 1 - index / Math.max(match.totalCount, ids.length));
    await sql(
      tx,
      `insert into scheduling.offer (task_id, rank, score, resource_id)
       select $1, offered.rank, offered.score, offered.id from unnest($2::double precision[], $3::integer[]) with ordinality as offered (score, id, rank)`,
      [task.id, scores, ids],
    );
    await this.parts.events.append(tx, task);
    return task;
  }
}
