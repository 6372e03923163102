import type { Answer } from './answer.js';
import { addCredential, requireCaller } from './caller.reader.js';
import type { Destination, FormRules, OperationRoute, Route } from './contract.js';
import { failure, Failure } from './failure.js';
import { readForm } from './form.reader.js';
import { readInput } from './input.reader.js';
import type { Place } from './route.index.js';
import type { Exchange, RouteRunner } from './route.runner.js';
import type { TrustedNetworks } from './trusted.networks.js';

/** One form on its way to its answer. */
export interface FormExchange extends Exchange {
  /** Told which row the form means. */
  onRow(row: Route): void;
}

interface Command {
  row: OperationRoute<unknown, unknown>;
  input: unknown;
}

/** Takes forms to the rows that they name, and tells who somebody is before it tells what is wrong. */
export class FormRunner {
  readonly #runner: RouteRunner;
  readonly #networks: TrustedNetworks;
  readonly #limitBytes: number;

  constructor(runner: RouteRunner, networks: TrustedNetworks, limitBytes: number) {
    this.#runner = runner;
    this.#networks = networks;
    this.#limitBytes = limitBytes;
  }

  /** @throws Failure */
  async run(place: Place, exchange: FormExchange): Promise<Answer | Destination> {
    const { contract } = place;
    const rules = contract.forms!;
    const command = await this.#read(place, rules, exchange).catch((error: unknown) => error);
    this.#identify(place, exchange);
    requireCaller(exchange.caller);
    if (isCommand(command)) return this.#runner.answer(contract, command.row, command.input, exchange);
    if (command instanceof Failure) await this.#runner.check(contract, exchange);
    throw command;
  }

  async #read({ commands }: Place, rules: FormRules, { request, caller, onRow, onInput }: FormExchange): Promise<Command> {
    const form = await readForm(request, this.#limitBytes);
    onInput(form);
    addCredential(caller, form[rules.credential]);
    const row = commands.get(form[rules.command] ?? '')?.row;
    if (!row || !('operation' in row)) throw failure('COMMAND_UNKNOWN', `expected one of ${[...commands.keys()].join(', ')}`);
    onRow(row);
    return { row, input: readInput(row.takes, form) };
  }

  /** Who shows a credential is the one it belongs to, whatever the address. */
  #identify({ contract }: Place, { caller }: FormExchange): void {
    if (caller.credential !== undefined || !contract.trustsNetworks) return;
    const username = this.#networks.userAt(caller.address);
    if (username !== undefined) caller.actsAs = username;
  }
}

const isCommand = (read: unknown): read is Command => typeof read === 'object' && read !== null && 'row' in read;
