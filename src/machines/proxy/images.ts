import { HostError } from "../../host/host-error.ts";
import type { Parent } from "../parents.ts";
import {
  committedTo,
  imagesMade,
  type Making,
  makingCommands,
  nodesOver,
} from "../qemu/image-making.ts";
import type { Resource } from "../resource.ts";
import { isLink, standsOnKnown } from "../stands-on.ts";
import { wayOf } from "../way.ts";
import type { Granted } from "./granted.ts";
import type { Execute, Handler } from "./handler.ts";
import { type Message, membersOf } from "./lines.ts";

/** What is needed of it here. */
export type ImageGrants = Pick<
  Granted,
  "grant" | "forget" | "become" | "onlyRead" | "images" | "imageOf" | "nameOf" | "accept"
>;

/** One image that is made, with what it is granted under. */
interface Begun {
  readonly making: Making;
  readonly piece: string;
  /** Without links. */
  readonly name: string;
}

/** What a job writes. */
interface Job {
  /** null: whichever it is, it goes on while any does. */
  readonly job: string | null;
  readonly piece: string;
}

/** Commands after which the machine goes on with what a job has written. */
const completing = ["block-job-complete", "job-complete"];
/** JobStatus after which a job opens nothing more. */
const ended = ["concluded", "null"];

/**
 * Images that the emulator makes at a command: snapshots over what it writes, copies, new files.
 * Each is granted before the emulator is asked, to make; as soon as it is there, to write alone,
 * and what the machine wrote before is then only read. What a new image stands on is recorded at
 * once: the machine writes its header, which would else be new, and so believed, at the next start.
 */
export class Images implements Handler {
  readonly commands = [...makingCommands, ...completing, "block-commit"];
  readonly events = ["JOB_STATUS_CHANGE"];
  readonly #granted: ImageGrants;
  readonly #folder: string;
  /** Of jobs under way. */
  #jobs: readonly Job[] = [];
  #count = 0;

  /** `folder`: what relative names start from. */
  constructor(granted: ImageGrants, folder: string) {
    this.#granted = granted;
    this.#folder = folder;
  }

  async pass(command: Message, execute: Execute): Promise<Message> {
    const name = String(command.execute);
    const given = membersOf(command.arguments);
    if (completing.includes(name))
      return this.#complete(command, String(given.device ?? given.id), execute);
    if (name === "block-commit") return this.#commit(command, given, execute);
    const begun: Begun[] = [];
    try {
      for (const making of imagesMade(name, given, this.#folder))
        begun.push(await this.#begin(making));
    } catch (error) {
      await this.#forget(begun);
      throw error;
    }
    const answer = await execute(command);
    if (!("return" in answer)) {
      await this.#forget(begun);
      return answer;
    }
    const failures: unknown[] = [];
    for (const one of begun)
      await this.#settle(one).catch((error: unknown) => failures.push(error));
    for (const node of nodesOver(name, given))
      await this.#cover(node).catch((error: unknown) => failures.push(error));
    for (const failure of failures) throw failure;
    // It may have ended already.
    await this.told({}, execute);
    return answer;
  }

  /** A job that has ended no longer needs its image, unless the machine goes on using it. */
  async told(_: Message, execute: Execute): Promise<void> {
    if (this.#jobs.length === 0) return;
    const { return: jobs } = await execute({ execute: "query-jobs" });
    // An emulator that is gone says nothing, and its domain goes with it.
    if (!Array.isArray(jobs)) return;
    const goesOn = ({ job }: Job): boolean =>
      jobs.some(
        (one: unknown) =>
          (job === null || membersOf(one).id === job) &&
          !ended.includes(String(membersOf(one).status)),
      );
    const over = this.#jobs.filter((begun) => !goesOn(begun));
    this.#jobs = this.#jobs.filter(goesOn);
    await this.#forget(over);
  }

  async #complete(command: Message, job: string, execute: Execute): Promise<Message> {
    const answer = await execute(command);
    if ("return" in answer)
      this.#jobs = this.#jobs.filter((one) => one.job !== null && one.job !== job);
    return answer;
  }

  /**
   * Into an image that was only read. Which one has to be said by its name: nothing that the
   * emulator says of its nodes decides it.
   */
  async #commit(command: Message, given: Message, execute: Execute): Promise<Message> {
    const { path, job, origin } = committedTo(given, this.#folder);
    const { leadsTo } = wayOf(path);
    const base = this.#granted.images().get(leadsTo);
    if (base?.isParent !== true)
      throw new HostError(
        `no image of this machine stands on ${leadsTo}`,
        "name one of those in cofferdam vm show",
      );
    this.#count += 1;
    const piece = `image ${this.#count}`;
    const { format } = base;
    await this.#granted.grant(piece, [
      { kind: "image", path, format, access: "read-write", parents: "none", origin },
    ]);
    const answer = await execute(command);
    if (!("return" in answer)) {
      await this.#granted.forget(piece);
      return answer;
    }
    this.#jobs = [...this.#jobs, { job, piece }];
    await this.told({}, execute);
    return answer;
  }

  async #begin(making: Making): Promise<Begun> {
    const { leadsTo } = wayOf(making.path);
    if (this.#granted.images().get(leadsTo)?.isParent)
      throw new HostError(`other images of this machine stand on ${leadsTo}`, "name another file");
    this.#count += 1;
    const piece = `image ${this.#count}`;
    await this.#granted.grant(piece, resourcesOf(making));
    const begun = { making, piece, name: this.#granted.nameOf(making.path) };
    try {
      if (making.isMade) await this.#granted.accept({ [begun.name]: [] });
    } catch (error) {
      await this.#forget([begun]);
      throw error;
    }
    return begun;
  }

  /**
   * @throws HostError for what was made otherwise than asked for: the emulator goes on with it all
   * the same
   */
  async #settle(begun: Begun): Promise<void> {
    const { making, piece, name } = begun;
    const { path, format, use, isMade, origin } = making;
    if (use !== "overlay") this.#jobs = [...this.#jobs, { job: making.job, piece }];
    // The job makes it while it runs, and writes it no more when it has ended.
    if (use === "file") return;
    let failure: unknown = null;
    let stands: readonly Parent[] = [];
    try {
      const known = this.#granted.images();
      stands = isMade ? standsOnKnown(name, format, known) : (known.get(name)?.stands ?? []);
    } catch (error) {
      failure = error;
    }
    const below = use === "overlay" ? stands.slice(0, 1).map(({ path }) => path) : [];
    const image: Resource = {
      kind: "image",
      path,
      format,
      access: "read-write",
      parents: "none",
      origin,
    };
    await this.#granted.become(piece, image, below);
    // What is a link from now on was made one before, while it might be made.
    if (isLink(name)) {
      await this.#forget([begun]);
      throw new HostError(
        `${name} is a link, which the machine has made`,
        "look where it leads, and remove it",
      );
    }
    if (failure !== null) throw failure;
    if (isMade) await this.#granted.accept({ [name]: stands });
  }

  /**
   * Of an image that was there before nothing is known but that the machine could write it; it was
   * recorded as standing on nothing.
   */
  async #cover(node: string): Promise<void> {
    const found = this.#granted.imageOf(`blockdev ${node}`);
    if (found === null) return;
    const stands = standsOnKnown(found.name, found.format, this.#granted.images());
    await this.#granted.onlyRead(stands.slice(0, 1).map(({ path }) => path));
    await this.#granted.accept({ [found.name]: stands });
  }

  async #forget(begun: readonly { readonly piece: string }[]): Promise<void> {
    // One that cannot be taken away at the moment keeps none of the others.
    await Promise.all(begun.map(({ piece }) => this.#granted.forget(piece)));
  }
}

function resourcesOf({ path, format, isMade, origin }: Making): readonly Resource[] {
  const image = { kind: "image", path, format, access: "read-write", origin } as const;
  if (!isMade) return [{ ...image, parents: "own" }];
  return [
    { kind: "file", path, use: "make", origin },
    { ...image, parents: "none" },
  ];
}
