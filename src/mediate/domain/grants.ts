import { parentsOf } from "../../base/parents.ts";
import { type Automaton, walk } from "../../model/automaton/automaton.ts";
import { gains } from "../../model/gain.ts";
import type { PermissionSet } from "../../model/permission.ts";
import type { Plan } from "../../plan/plan.ts";
import { type Bytes, bytesOf, spelled } from "../sys/sys.ts";
import { NAME_KEPT_BYTES_MAX, NAMES_KEPT_MAX } from "./limits.ts";
import type { StartedNames } from "./started-names.ts";

/** What the domain may do to names, and which of that the kernel decides by itself. */
export class Grants {
  readonly #automaton: Automaton;
  readonly #kernelCreates: ReadonlySet<Bytes>;
  readonly #handled: bigint;
  readonly #started: StartedNames | null;
  readonly #known = new Map<Bytes, PermissionSet>();

  /**
   * `started`: the plan with which the domain's processes were started. Its Landlock layer stays in
   * force whatever the policy is now. `names`: where late names are brokered.
   */
  constructor(automaton: Automaton, started: Plan, names: StartedNames | null) {
    this.#automaton = automaton;
    this.#kernelCreates = new Set(started.mediation.kernelCreates.map(spelled));
    this.#started = names;
    this.#handled = started.landlock?.handledFs ?? 0n;
  }

  of(name: Bytes): PermissionSet {
    const known = this.#known.get(name);
    if (known !== undefined) return known;
    const permissions = this.#automaton.permissions(this.#state(name));
    if (name.length > NAME_KEPT_BYTES_MAX) return permissions;
    if (this.#known.size >= NAMES_KEPT_MAX) this.#known.clear();
    this.#known.set(name, permissions);
    return permissions;
  }

  below(directory: Bytes): PermissionSet {
    return this.#automaton.uniform(this.#state(directory === "/" ? "/" : `${directory}/`));
  }

  gained(from: Bytes, to: Bytes, directory: boolean): PermissionSet {
    return gains(this.#automaton, this.#state(from), this.#state(to), directory);
  }

  /**
   * Whether Landlock itself grants create and delete at this name, by a rule on its directory or
   * one above. Where late names are brokered, a directory that was replaced has no such rule.
   */
  kernelCreates(name: Bytes): boolean {
    return [...parentsOf(name), "/"].some(
      (directory) =>
        this.#kernelCreates.has(directory) && this.#started?.stands(directory) !== false,
    );
  }

  /**
   * Whether Landlock itself grants moving or linking one name to the other. Between directories it
   * would require rights that the rules may lack.
   */
  kernelMoves(from: Bytes, to: Bytes): boolean {
    const directory = (name: Bytes): Bytes => name.slice(0, name.lastIndexOf("/") + 1);
    return directory(from) === directory(to) && this.kernelCreates(from);
  }

  /**
   * Whether the domain's Landlock layer handles all these LANDLOCK_ACCESS_FS_* rights, so that
   * CONTINUE leaves the decision to it.
   */
  kernelHandles(rights: bigint): boolean {
    return (this.#handled & rights) === rights;
  }

  #state(name: Bytes): number {
    return walk(this.#automaton, bytesOf(name));
  }
}
