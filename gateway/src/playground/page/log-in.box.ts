import { element } from './element.js';
import { send } from './graphql.js';
import { inLanguage, language } from './language.js';
import type { Session } from './session.js';

const LOG_IN = 'mutation LogIn($input: LogInInput!) { logIn(input: $input) { ticket expiresAt user { username } } }';
const LOG_OUT = 'mutation LogOut { logOut }';

/** Logs in with name and password, and tells who is logged in and until when. */
export function logInBox(session: Session): HTMLElement {
  const box = element('div', { className: 'log-in' });
  session.watch(() => box.replaceChildren(...(session.current ? loggedIn(session) : [logInForm(session)])));
  return box;
}

function loggedIn(session: Session): Node[] {
  const { username, expiresAt, ticket } = session.current!;
  const until = new Date(expiresAt).toLocaleTimeString(language, { hour: '2-digit', minute: '2-digit' });
  const copy = element('button', {
    type: 'button',
    title: inLanguage({ en: 'For curl and programs, as the header Authorization: Bearer …', zh: '供 curl 和程序使用，请求头 Authorization: Bearer …' }),
    textContent: inLanguage({ en: 'Copy ticket', zh: '复制票据' }),
    onclick: () => void copied(ticket).then((done) => done && (copy.textContent = inLanguage({ en: 'Copied', zh: '已复制' }))),
  });
  const leave = element('button', { type: 'button', textContent: inLanguage({ en: 'Log out', zh: '退出登录' }), onclick: () => void logOut(session) });
  return [element('span', { className: 'who' }, [element('strong', { textContent: username }), ` ${inLanguage({ en: `until ${until}`, zh: `有效至 ${until}` })}`]), copy, leave];
}

/** Browsers leave the clipboard to pages of HTTPS and of localhost; on others the text is shown, to be copied by hand. */
async function copied(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    prompt(inLanguage({ en: 'The ticket, to be copied:', zh: '请复制票据：' }), text);
    return false;
  }
}

function logInForm(session: Session): HTMLFormElement {
  const username = element('input', { name: 'username', required: true, autocomplete: 'username', placeholder: inLanguage({ en: 'Username', zh: '用户名' }), ariaLabel: inLanguage({ en: 'Username', zh: '用户名' }) });
  const password = element('input', { name: 'password', type: 'password', required: true, autocomplete: 'current-password', placeholder: inLanguage({ en: 'Password', zh: '密码' }), ariaLabel: inLanguage({ en: 'Password', zh: '密码' }) });
  const button = element('button', { type: 'submit', className: 'primary', textContent: inLanguage({ en: 'Log in', zh: '登录' }) });
  const said = element('span', { className: 'said', role: 'status', textContent: session.logout === 'ended' ? inLanguage({ en: 'Your session has ended. Log in again.', zh: '会话已结束，请重新登录。' }) : '' });
  const submit = async () => {
    button.disabled = true;
    said.textContent = '';
    said.textContent = (await logIn(session, username.value, password.value)) ?? '';
    button.disabled = false;
  };
  return element(
    'form',
    {
      onsubmit: (event) => {
        event.preventDefault();
        void submit();
      },
    },
    [said, username, password, button],
  );
}

/** Answers why not, in words; nothing when it went well. */
async function logIn(session: Session, username: string, password: string): Promise<string | undefined> {
  try {
    const { answer } = await send({ query: LOG_IN, operationName: 'LogIn', variables: { input: { username, password } } }, {});
    const begun = answer.data?.logIn as { ticket: string; expiresAt: string; user: { username: string } } | undefined;
    if (!begun) return refusalOf(answer.errors?.[0]);
    session.begin({ ticket: begun.ticket, expiresAt: begun.expiresAt, username: begun.user.username });
    return undefined;
  } catch {
    return inLanguage({ en: 'The platform does not answer.', zh: '平台没有响应。' });
  }
}

function refusalOf(error: { message: string; extensions?: { code?: string; retryAfterSeconds?: number } } | undefined): string {
  if (error?.extensions?.code === 'WRONG_CREDENTIALS') return inLanguage({ en: 'Wrong username or password.', zh: '用户名或密码错误。' });
  return error?.message ?? inLanguage({ en: 'The platform does not answer.', zh: '平台没有响应。' });
}

async function logOut(session: Session): Promise<void> {
  const { credential } = session;
  session.end('left');
  // The page has forgotten the ticket whether or not the platform hears of it.
  await send({ query: LOG_OUT, operationName: 'LogOut' }, credential).catch(() => undefined);
}
