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

export type ImageGrants = Pick<
  Granted,
  "grant" | "forget" | "become" | "onlyRead" | "images" | "imageOf" | "nameOf" | "accept"
>;

/** An image that is being made, and the piece of its grant. */
interface Begun {
  readonly making: Making;
  readonly piece: string;
  /** Without links. */
  readonly name: string;
}

interface Job {
  /** null: unknown, because QEMU chose the id; the grant then stays while any job runs. */
  readonly job: string | null;
  readonly piece: string;
}

/** Commands after which the machine goes on using what the job has written. */
const completing = ["block-job-complete", "job-complete"];
/** Values of JobStatus in which a job opens no more files. */
const ended = ["concluded", "null"];

/**
 * Handles images that the emulator makes at a command: snapshots, copies, new files. Before the
 * emulator gets the command, the image is granted, to make. As soon as the image exists, the grant
 * is reduced to writing it, and the image that the machine wrote before becomes read-only. What the
 * new image depends on is recorded at once. Without a record, the next start would take the image
 * for new and trust its header, which the machine has written.
 */
export class Images implements Handler {
  readonly commands = [...makingCommands, ...completing, "block-commit"];
  readonly events = ["JOB_STATUS_CHANGE"];
  readonly #granted: ImageGrants;
  readonly #folder: string;
  #jobs: readonly Job[] = [];
  #count = 0;

  /** `folder`: the base of relative names. */
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
    // The job may have ended before the answer came.
    await this.told({}, execute);
    return answer;
  }

  /**
   * Withdraws the images of jobs that have ended. An image that the machine goes on using stays.
   */
  async told(_: Message, execute: Execute): Promise<void> {
    if (this.#jobs.length === 0) return;
    const { return: jobs } = await execute({ execute: "query-jobs" });
    // An emulator that has exited does not answer; its domain is removed too.
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
   * Grants writing to the image that block-commit writes into, which was read-only. The command
   * must name that image by its file: what the emulator says about its nodes must decide nothing.
   */
  async #commit(command: Message, given: Message, execute: Execute): Promise<Message> {
    const { path, job, origin } = committedTo(given, this.#folder);
    const { leadsTo } = wayOf(path);
    const base = this.#granted.images().get(leadsTo);
    if (base?.isParent !== true)
      throw new HostError(
        `${leadsTo} is not a parent of an image of this machine`,
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
      throw new HostError(
        `${leadsTo} is the parent of other images of this machine`,
        "name another file",
      );
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
   * @throws HostError if the emulator made something other than it was asked for; the machine still
   * uses it
   */
  async #settle(begun: Begun): Promise<void> {
    const { making, piece, name } = begun;
    const { path, format, use, isMade, origin } = making;
    if (use !== "overlay") this.#jobs = [...this.#jobs, { job: making.job, piece }];
    // The job makes the file while it runs, and nothing writes it afterwards.
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
    // The machine could make a link here only while it had the right to make the name, which it has
    // no longer: the result of this check stays true.
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
   * Records what an overlay depends on. The image existed before, and the machine could write to
   * it, so it was recorded as depending on nothing.
   */
  async #cover(node: string): Promise<void> {
    const found = this.#granted.imageOf(`blockdev ${node}`);
    if (found === null) return;
    const stands = standsOnKnown(found.name, found.format, this.#granted.images());
    await this.#granted.onlyRead(stands.slice(0, 1).map(({ path }) => path));
    await this.#granted.accept({ [found.name]: stands });
  }

  async #forget(begun: readonly { readonly piece: string }[]): Promise<void> {
    // A withdrawal that fails must not keep the others from happening.
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
