import { z } from 'zod';

/** One setting: how its text is checked, what it means and a value that works. */
export interface Setting<Value> {
  schema: z.ZodType<Value>;
  /** Text used when the variable is unset or empty; undefined: the setting may stay empty. */
  default?: string;
  example: string;
  about: string;
}

type Values<Settings> = { [Name in keyof Settings]: Settings[Name] extends Setting<infer Value> ? Value : never };

/** A setting that does not validate; its message is the one line to stop the start with. */
export class SettingError extends Error {
  override readonly name = 'SettingError';
}

const SHOWN = 80;

/** Reads settings from an environment; an empty variable counts as unset. Throws a {@link SettingError} for the first bad one. */
export function readSettings<Settings extends Record<string, Setting<unknown>>>(
  settings: Settings,
  environment: Readonly<Record<string, string | undefined>>,
): Values<Settings> {
  const values: Record<string, unknown> = {};
  for (const [name, setting] of Object.entries(settings)) {
    const text = environment[name] || setting.default;
    const result = setting.schema.safeParse(text);
    if (!result.success) throw new SettingError(faultLine(name, setting, text, result.error));
    values[name] = result.data;
  }
  return values as Values<Settings>;
}

function faultLine(name: string, setting: Setting<unknown>, text: string | undefined, error: z.ZodError): string {
  const fault = error.issues[0]?.message ?? 'not valid';
  const shown = text === undefined ? 'nothing' : secretName(name) ? 'a value that is not shown' : JSON.stringify(text.slice(0, SHOWN));
  return `${name}: ${fault}, got ${shown}; for example ${name}=${setting.example}`;
}

const secretName = (name: string): boolean => /SECRET|PASSWORD|TOKEN|DATABASE_URL/.test(name);

const SECRET_LENGTH = 16;

/** Checks that settings share: texts from the environment to typed values. */
export const settingTypes = {
  integer: (minimum: number, maximum: number): z.ZodType<number> =>
    z
      .string()
      .regex(/^\d+$/, `expected an integer from ${minimum} to ${maximum}`)
      .transform(Number)
      .refine((value) => value >= minimum && value <= maximum, `expected an integer from ${minimum} to ${maximum}`),
  flag: (): z.ZodType<boolean> =>
    z.enum(['true', 'false', '1', '0'], 'expected true or false').transform((text) => text === 'true' || text === '1'),
  text: (): z.ZodType<string> => z.string('expected a text'),
  optionalText: (): z.ZodType<string | undefined> => z.string().optional(),
  /** What keys are derived from: too long to be guessed. */
  optionalSecret: (): z.ZodType<string | undefined> => z.string().min(SECRET_LENGTH, `expected at least ${SECRET_LENGTH} characters`).optional(),
  oneOf: <const Choice extends string>(...choices: [Choice, ...Choice[]]): z.ZodType<Choice> =>
    z.enum(choices, `expected one of ${choices.join(', ')}`),
  list: (): z.ZodType<string[]> =>
    z
      .string()
      .optional()
      .transform((text) => (text ?? '').split(',').map((part) => part.trim()).filter((part) => part !== '')),
  url: (...protocols: string[]): z.ZodType<string> =>
    z.string().refine((text) => protocols.some((protocol) => text.startsWith(`${protocol}://`)) && URL.canParse(text), `expected a URL that starts with ${protocols.join(':// or ')}://`),
  optionalUrl: (...protocols: string[]): z.ZodType<string | undefined> => settingTypes.url(...protocols).optional(),
};
