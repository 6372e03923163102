import { createClient } from 'graphql-ws-in-browser';
import { element } from './element.js';
import { websocketUrl, type Operation } from './graphql.js';
import { inLanguage } from './language.js';

const EVENTS_SHOWN = 200;

type Errors = readonly { message: string }[];

/** Subscriptions that run, whichever tab of the editor is open, and the events that come; the newest first. */
export class LivePanel {
  readonly node = element('section', { className: 'live', hidden: true, ariaLabel: inLanguage({ en: 'Live events', zh: '实时事件' }) });
  readonly #running = element('ul', { className: 'running' });
  readonly #events = element('ol', { className: 'events' });

  constructor() {
    const clear = element('button', { type: 'button', textContent: inLanguage({ en: 'Clear', zh: '清空' }), onclick: () => this.#events.replaceChildren() });
    this.node.append(element('header', {}, [element('h2', { textContent: inLanguage({ en: 'Live', zh: '实时' }) }), this.#running, clear]), this.#events);
  }

  /** Runs a subscription until it ends or is stopped here. Resolves with the errors when it is refused. */
  async follow(operation: Operation, headers: Record<string, string>): Promise<Errors | undefined> {
    const name = operation.operationName ?? inLanguage({ en: 'subscription', zh: '订阅' });
    // A socket of its own, as the tab Headers may name another user; an end is shown, not hidden behind a reconnection.
    const client = createClient({ url: websocketUrl(), connectionParams: headers, retryAttempts: 0 });
    const events = client.iterate({ query: operation.query, variables: operation.variables, operationName: operation.operationName });
    const row = this.#rowOf(name, () => void Promise.resolve(events.return?.()).then(() => client.dispose()));
    this.node.hidden = false;
    try {
      for await (const event of events) {
        row.count();
        this.#show(name, event);
      }
      row.end(inLanguage({ en: 'ended', zh: '已结束' }));
      return undefined;
    } catch (failure) {
      const errors = errorsOf(failure);
      row.end(errors.map(({ message }) => message).join('; '));
      return errors;
    } finally {
      await client.dispose();
    }
  }

  #rowOf(name: string, stop: () => void): { count(): void; end(how: string): void } {
    let seen = 0;
    const state = element('span', { className: 'state', textContent: inLanguage({ en: 'waiting for events', zh: '等待事件' }) });
    const button = element('button', { type: 'button', textContent: inLanguage({ en: 'Stop', zh: '停止' }), onclick: stop });
    const node = element('li', { className: 'runs' }, [element('strong', { textContent: name }), state, button]);
    this.#running.append(node);
    return {
      count: () => {
        seen += 1;
        state.textContent = inLanguage({ en: `${seen} ${seen === 1 ? 'event' : 'events'}`, zh: `${seen} 个事件` });
      },
      end: (how) => {
        node.className = 'ended';
        state.textContent = how;
        const remove = () => {
          node.remove();
          this.node.hidden = this.#running.childElementCount === 0 && this.#events.childElementCount === 0;
        };
        button.replaceWith(element('button', { type: 'button', textContent: '×', ariaLabel: inLanguage({ en: 'Remove', zh: '移除' }), onclick: remove }));
      },
    };
  }

  #show(name: string, event: { data?: unknown; errors?: unknown }): void {
    const line = element('li', {}, [element('time', { textContent: new Date().toLocaleTimeString() }), element('strong', { textContent: name }), element('code', { textContent: JSON.stringify(event.errors ? event : event.data) })]);
    this.#events.prepend(line);
    while (this.#events.childElementCount > EVENTS_SHOWN) this.#events.lastElementChild!.remove();
  }
}

/** Whatever ends a subscription, in the form of errors of an answer. */
function errorsOf(failure: unknown): Errors {
  if (Array.isArray(failure)) return failure as Errors;
  if (failure instanceof CloseEvent) return [{ message: `${inLanguage({ en: 'The connection was closed', zh: '连接已关闭' })}: ${failure.code} ${failure.reason}`.trim() }];
  return [{ message: failure instanceof Error ? failure.message : inLanguage({ en: 'The connection failed.', zh: '连接失败。' }) }];
}
