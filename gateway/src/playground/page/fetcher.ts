import type { Answers } from './answers.js';
import { chooseFiles } from './file.dialog.js';
import { send, type Answer, type Operation } from './graphql.js';
import { inLanguage } from './language.js';
import type { LivePanel } from './live.panel.js';
import type { Session } from './session.js';

const INTROSPECTION = 'IntrospectionQuery';
const CREDENTIALS = ['authorization', 'x-auth-token', 'token'];
/** How long the answer waits for a subscription to be refused; after that it tells where events appear. */
const REFUSAL_MS = 400;

/** What of the document the editor has parsed is read here. */
interface ParsedDocument {
  definitions: { kind: string; operation?: string; name?: { value: string }; variableDefinitions?: { variable: { name: { value: string } }; type: ParsedType }[] }[];
}
interface ParsedType {
  kind: string;
  name?: { value: string };
  type?: ParsedType;
}

/** How the editor asks for an operation to be run; `headers` are those of its tab Headers. */
export type GraphiqlFetcher = (operation: Operation, options?: { headers?: Record<string, string>; documentAST?: ParsedDocument }) => Promise<unknown>;

interface Surroundings {
  session: Session;
  answers: Answers;
  live: LivePanel;
}

/** Runs the editor's operations as whoever is logged in, unless the tab Headers says who asks. */
export function fetcherOf({ session, answers, live }: Surroundings): GraphiqlFetcher {
  return async (operation, { headers = {}, documentAST } = {}) => {
    // Anybody may ask what there is to ask for, whatever has become of a ticket.
    if (operation.operationName === INTROSPECTION) return (await send(operation, headers)).answer;
    const own = Object.keys(headers).some((name) => CREDENTIALS.includes(name.toLowerCase()));
    const sent = own ? headers : { ...session.credential, ...headers };
    const definition = documentAST?.definitions.find(({ kind, name }) => kind === 'OperationDefinition' && (!operation.operationName || name?.value === operation.operationName));
    if (definition?.operation === 'subscription') return subscribe(operation, sent, live);
    const wanted = (definition?.variableDefinitions ?? []).filter(({ variable, type }) => isFile(type) && !operation.variables?.[variable.name.value]).map(({ variable }) => variable.name.value);
    const files = await chooseFiles(wanted);
    if (!files) return { errors: [{ message: inLanguage({ en: 'No file was chosen, so nothing was sent.', zh: '没有选择文件，未发送请求。' }) }] };
    const withFiles = wanted.length === 0 ? operation : { ...operation, variables: { ...operation.variables, ...Object.fromEntries(wanted.map((name) => [name, null])) } };
    const asking = session.current;
    const { status, answer } = await send(withFiles, sent, files);
    answers.remember(answer.data);
    // What concerns another credential, or a ticket that was replaced meanwhile, does not concern the session.
    if (own || session.current !== asking) return answer;
    if (status === 401) session.end('ended');
    else follow(answer, session);
    return answer;
  };
}

/** A session that is begun, renewed or ended in the editor is that of the page. */
function follow({ data }: Answer, session: Session): void {
  const begun = (data?.logIn ?? data?.renewTicket) as { ticket?: string; expiresAt?: string; user?: { username?: string } } | undefined;
  if (begun?.ticket && begun.expiresAt && begun.user?.username) session.begin({ ticket: begun.ticket, expiresAt: begun.expiresAt, username: begun.user.username });
  if (data?.logOut === true) session.end('left');
}

async function subscribe(operation: Operation, headers: Record<string, string>, live: LivePanel): Promise<unknown> {
  const refusal = live.follow(operation, headers);
  const refused = await Promise.race([refusal, new Promise<undefined>((resolve) => setTimeout(resolve, REFUSAL_MS))]);
  return refused ? { errors: refused } : { live: inLanguage({ en: 'Events appear below as they come, while you go on in this tab or another.', zh: '事件会实时显示在下方；您可以在此标签页或其他标签页继续操作。' }) };
}

const isFile = ({ name, type }: ParsedType): boolean => (type ? isFile(type) : name?.value === 'Upload');
