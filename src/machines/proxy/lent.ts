import { Description } from "../description.ts";
import { Argument } from "../qemu/argument.ts";
import { INCOMING } from "../qemu/piece.ts";
import type { Grants } from "./granted.ts";
import type { Execute, Handler } from "./handler.ts";
import { type Message, membersOf } from "./lines.ts";
import { type Asked, type Ended, type Loan, loans, moved } from "./loans.ts";

/** Interval of asking the emulator about ends for which it sends no event, milliseconds. */
const LOOK_MS = 1000;

/** A grant until the emulator says that its work is over. */
interface Open {
  readonly key: string;
  readonly id: string;
  readonly ending: Asked;
}

/** A grant until a command ends it. */
interface Held {
  readonly key: string;
  readonly names: readonly unknown[];
  readonly ending: Ended;
}

/**
 * Grants what a command names before the emulator gets the command, until the work that it began is
 * over (`loans.ts`). The emulator is asked whether the work is over. It answers questions in order,
 * so the end of one piece of work is never taken for the end of a later one with the same name. A
 * false answer can only end the grant early, or keep what an administrator's command had named.
 */
export class Lent implements Handler {
  readonly commands: readonly string[];
  readonly events: readonly string[];
  readonly #granted: Grants;
  readonly #folder: string;
  readonly #execute: Execute;
  #open: readonly Open[] = [];
  #held: readonly Held[] = [];
  #count = 0;
  #timer: NodeJS.Timeout | null = null;

  /**
   * `folder`: the base of relative names. `execute`: sends the proxy's own commands. `isComing`:
   * the machine was started with -incoming.
   */
  constructor(granted: Grants, folder: string, execute: Execute, isComing = false) {
    this.#granted = granted;
    this.#folder = folder;
    this.#execute = execute;
    const endings = [...loans.values()].map(({ ending }) => ending);
    const enders = endings.flatMap((ending) => (ending.by === "command" ? ending.commands : []));
    const asked = endings.filter((ending) => ending.by === "question");
    this.commands = [
      ...new Set([...loans.keys(), ...enders, ...asked.map(({ question }) => question)]),
    ];
    this.events = asked.map(({ event }) => event);
    if (isComing) this.#open = [{ key: INCOMING, id: "", ending: moved }];
    this.#lookLater();
  }

  async pass(command: Message, execute: Execute): Promise<Message> {
    const name = String(command.execute);
    const loan = loans.get(name);
    if (loan !== undefined) return this.#lend(command, loan, execute);
    const answer = await execute(command);
    if ("return" in answer) {
      await this.#end(command);
      await this.#heard(name, answer);
    }
    return answer;
  }

  told({ event }: Message, execute: Execute): Promise<void> {
    return this.#askFor(
      this.#open.filter(({ ending }) => ending.event === event),
      execute,
    );
  }

  async #lend(command: Message, { read, ending, id }: Loan, execute: Execute): Promise<Message> {
    const given = membersOf(command.arguments);
    const to = new Description();
    read(new Argument(String(command.execute), JSON.stringify(given), 0, this.#folder), to);
    if (to.resources.length === 0) return execute(command);
    this.#count += 1;
    const key = `loan ${this.#count}`;
    await this.#granted.grant(key, to.resources);
    const answer = await execute(command);
    if (!("return" in answer) || ending.by === "answer") await this.#granted.forget(key);
    else if (ending.by === "command") {
      await this.#end(command);
      this.#held = [...this.#held, { key, names: ending.names(given), ending }];
    } else if (ending.by === "question") {
      const open = { key, id: id === undefined ? "" : String(given[id]), ending };
      this.#open = [...this.#open, open];
      // The work may have ended, and its event may have come, before the answer.
      if (!ending.isQuiet) await this.#askFor([open], execute);
      this.#lookLater();
    }
    return answer;
  }

  async #end({ execute, arguments: given }: Message): Promise<void> {
    const over = this.#held.filter(
      ({ ending, names }) =>
        ending.commands.includes(String(execute)) &&
        ending.names(membersOf(given)).some((name) => names.includes(name)),
    );
    this.#held = this.#held.filter((one) => !over.includes(one));
    await this.#forget(over.map(({ key }) => key));
  }

  async #askFor(open: readonly Open[], execute: Execute): Promise<void> {
    for (const question of new Set(open.map(({ ending }) => ending.question))) {
      const answer = await execute({ execute: question });
      // An emulator that has exited answers with an error; its domain is removed too.
      if ("return" in answer) await this.#heard(question, answer);
    }
  }

  async #heard(question: string, answer: Message): Promise<void> {
    const over = this.#open.filter(
      ({ ending, id }) => ending.question === question && !ending.goesOn(answer.return, id),
    );
    this.#open = this.#open.filter((one) => !over.includes(one));
    await this.#forget(over.map(({ key }) => key));
  }

  /** Withdraws these grants only; grants that begin meanwhile have other keys. */
  async #forget(keys: readonly string[]): Promise<void> {
    await Promise.all(keys.map((key) => this.#granted.forget(key)));
  }

  #quiet(): readonly Open[] {
    return this.#open.filter(({ ending }) => ending.isQuiet);
  }

  #lookLater(): void {
    if (this.#timer !== null || this.#quiet().length === 0) return;
    this.#timer = setTimeout(() => {
      this.#askFor(this.#quiet(), this.#execute)
        .catch((error: unknown) =>
          process.stderr.write(`cofferdam: what is over is still granted: ${error}\n`),
        )
        .then(() => {
          this.#timer = null;
          this.#lookLater();
        });
    }, LOOK_MS);
    this.#timer.unref();
  }
}
