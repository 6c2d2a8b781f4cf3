import { Description } from "../description.ts";
import { Argument } from "../qemu/argument.ts";
import { migration } from "../qemu/incoming.ts";
import type { Operation, Resource } from "../resource.ts";
import type { Grants } from "./granted.ts";
import type { Execute, Handler } from "./handler.ts";
import type { Message } from "./lines.ts";

/** Commands that say where a machine's state goes to, or comes from. */
const moving: Readonly<Record<string, Operation>> = {
  migrate: "connect",
  "migrate-incoming": "listen",
  "migrate-recover": "listen",
};
/** MigrationStatus while further connections to the same place may come; every other one is over. */
export const running: readonly string[] = [
  "setup",
  "cancelling",
  "active",
  "postcopy-active",
  "postcopy-paused",
  "postcopy-recover-setup",
  "postcopy-recover",
  "colo",
  "pre-switchover",
  "device",
  "wait-unplug",
];
/** After so many milliseconds a migration is looked at whose end nobody has asked for. */
const LOOK_MS = 1000;

/**
 * Places that a machine moves to or comes from: granted before the emulator is asked, until the migration is over. The emulator is asked whether it is, which needs no event that a client has not
 * wanted and nobody can switch off; only in its turn, so that no end of one migration is taken for the end of the next. What it answers can lose it the place, or keep it one that an administrator named.
 */
export class Migrations implements Handler {
  readonly commands = [...Object.keys(moving), "query-migrate"];
  readonly events = ["MIGRATION"];
  readonly #granted: Grants;
  readonly #folder: string;
  /** Looks whether it is over, in its turn. */
  readonly #look: () => Promise<void>;
  #keys: string[] = [];
  #count = 0;
  #timer: NodeJS.Timeout | null = null;

  /** `folder`: what relative names start from. `inTurn`: does something when no other command is under way. */
  constructor(granted: Grants, folder: string, inTurn: (work: (execute: Execute) => Promise<void>) => Promise<void>) {
    this.#granted = granted;
    this.#folder = folder;
    this.#look = () => inTurn((execute) => this.told({}, execute));
  }

  async pass(command: Message, execute: Execute): Promise<Message> {
    const operation = moving[String(command.execute)];
    if (operation === undefined) {
      const answer = await execute(command);
      await this.#heard(answer);
      return answer;
    }
    const places = placesOf(command, this.#folder, operation);
    if (places.length === 0) return execute(command);
    this.#count += 1;
    const key = `migration ${this.#count}`;
    await this.#granted.grant(key, places);
    const answer = await execute(command);
    if ("error" in answer) await this.#granted.forget(key);
    else {
      this.#keys.push(key);
      this.#lookLater();
    }
    return answer;
  }

  async told(_: Message, execute: Execute): Promise<void> {
    if (this.#keys.length > 0) await this.#heard(await execute({ execute: "query-migrate" }));
  }

  async #heard(answer: Message): Promise<void> {
    // An emulator that is gone answers with an error, and its domain goes with it.
    if ("error" in answer) return;
    const { status } = (answer.return ?? {}) as Message;
    if (running.includes(String(status))) return;
    for (const key of this.#keys) await this.#granted.forget(key);
    this.#keys = [];
  }

  #lookLater(): void {
    if (this.#timer !== null || this.#keys.length === 0) return;
    this.#timer = setTimeout(() => {
      this.#look()
        .catch((error: unknown) =>
          process.stderr.write(`cofferdam: a migration that is over is still granted: ${error}\n`),
        )
        .then(() => {
          this.#timer = null;
          this.#lookLater();
        });
    }, LOOK_MS);
    this.#timer.unref();
  }
}

/** What `uri` and `channels` of a command name. @throws HostError */
function placesOf(command: Message, folder: string, operation: Operation): readonly Resource[] {
  const { uri, channels } = (command.arguments ?? {}) as Message;
  const to = new Description();
  const read = (place: string): void =>
    migration(new Argument(String(command.execute), place, 0, folder), to, operation);
  if (uri !== undefined) read(typeof uri === "string" ? uri : JSON.stringify(uri));
  if (Array.isArray(channels)) for (const one of channels) read(JSON.stringify(one));
  return to.resources;
}
