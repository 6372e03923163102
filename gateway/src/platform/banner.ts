import { contracts } from '@hutong/rest-compat';
import { shownHost } from '../routes/public-origins.js';

export interface BannerFacts {
  host: string;
  port: number;
  playground: boolean;
  production: boolean;
  /** The first admin, when this start made it; the password when it was made up, so that it must be shown now or never. */
  admin: { username: string; password: string | undefined } | undefined;
  /** Processes that share the port. */
  workers: number;
  seconds: number;
}

/** What the terminal shows when the platform is up. */
export function banner({ host, port, playground, production, admin, workers, seconds }: BannerFacts): string {
  const url = `http://${shownHost(host)}:${port}`;
  return [
    `Hutong 互通 is up after ${seconds.toFixed(1)} s.`,
    '',
    line('GraphQL', `${url}/graphql`),
    ...(playground ? [line('Playground', `${url}/`)] : []),
    ...contracts.map(({ name, prefix }) => line(name, `${url}${prefix}/`)),
    line('REST docs', `${url}/docs`),
    line('Health', `${url}/healthz and ${url}/readyz`),
    ...(workers > 1 ? [line('Workers', `${workers} processes`)] : []),
    '',
    ...(admin ? adminLines(admin, url) : tryLines(url)),
    ...(isLoopback(host) || production ? [] : ['', `  Careful: ${host} can be reached from other machines, and this is not set up for production (NODE_ENV=production).`]),
    '',
  ].join('\n');
}

const line = (name: string, text: string): string => `  ${name.padEnd(14)} ${text}`;

function adminLines({ username, password }: NonNullable<BannerFacts['admin']>, url: string): string[] {
  if (password === undefined) return [`  The user ${username} was made with the password of HUTONG_ADMIN_PASSWORD.`, '', ...tryLines(url)];
  return [
    `  The user ${username} was made; the password is shown this once:  ${password}`,
    '',
    '  Log in:',
    `    curl -s ${url}/api/ticket -H 'Content-Type: application/json' -d '${JSON.stringify({ username, password })}'`,
  ];
}

const tryLines = (url: string): string[] => [
  '  Try it:',
  `    curl -s ${url}/graphql -H 'Content-Type: application/json' -d '{"query":"{ __typename }"}'`,
];

const isLoopback = (host: string): boolean => host === 'localhost' || host === '::1' || host.startsWith('127.');
