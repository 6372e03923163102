const KEY = 'hutong.session';

/** Somebody who is logged in on this page. */
export interface LoggedIn {
  ticket: string;
  username: string;
  /** When the ticket stops working, as an ISO 8601 instant. */
  expiresAt: string;
}

/** Why nobody is logged in: nobody was, or left, or the ticket does not work any more. */
export type LoggedOut = 'not-yet' | 'left' | 'ended';

/** The ticket of this tab: kept until the tab is closed, sent with every operation, seen by no other tab and never in an address. */
export class Session extends EventTarget {
  #current: LoggedIn | undefined;
  #logout: LoggedOut = 'not-yet';
  #expiry: ReturnType<typeof setTimeout> | undefined;

  constructor() {
    super();
    const stored = sessionStorage.getItem(KEY);
    if (stored) this.begin(JSON.parse(stored) as LoggedIn);
  }

  get current(): LoggedIn | undefined {
    return this.#current;
  }

  get logout(): LoggedOut {
    return this.#logout;
  }

  /** Headers that an operation is sent with, and a WebSocket is opened with. */
  get credential(): Record<string, string> {
    return this.#current ? { Authorization: `Bearer ${this.#current.ticket}` } : {};
  }

  begin(loggedIn: LoggedIn): void {
    this.#current = loggedIn;
    sessionStorage.setItem(KEY, JSON.stringify(loggedIn));
    clearTimeout(this.#expiry);
    this.#expiry = setTimeout(() => this.end('ended'), Date.parse(loggedIn.expiresAt) - Date.now());
    this.#tell();
  }

  end(logout: LoggedOut): void {
    if (!this.#current) return;
    this.#current = undefined;
    this.#logout = logout;
    sessionStorage.removeItem(KEY);
    clearTimeout(this.#expiry);
    this.#tell();
  }

  /** Calls it now, and whenever somebody logs in or out. */
  watch(changed: () => void): void {
    this.addEventListener('change', changed);
    changed();
  }

  #tell(): void {
    this.dispatchEvent(new Event('change'));
  }
}
