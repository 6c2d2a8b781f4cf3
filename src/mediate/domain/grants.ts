import { parentsOf } from "../../base/parents.ts";
import { type Automaton, walk } from "../../model/automaton/automaton.ts";
import { gains } from "../../model/gain.ts";
import { allPermissions, type PermissionSet } from "../../model/permission.ts";
import type { Plan } from "../../plan/plan.ts";
import { type Bytes, bytesOf, spelled } from "../sys/sys.ts";
import { NAME_KEPT_BYTES_MAX, NAMES_KEPT_MAX } from "./limits.ts";
import type { StartedNames } from "./started-names.ts";
import type { UsedGrants } from "./used-grants.ts";

/** What is known of a name. */
interface Known {
  readonly permissions: PermissionSet;
  /** Permissions by which grants were marked as used. */
  used: PermissionSet;
}

/** What the domain may do to names, and which of that the kernel decides by itself. */
export class Grants {
  readonly #automaton: Automaton;
  readonly #kernelCreates: ReadonlySet<Bytes>;
  readonly #handled: bigint;
  readonly #started: StartedNames | null;
  readonly #known = new Map<Bytes, Known>();
  readonly #used: UsedGrants | null;
  #epoch = 0;

  /**
   * `started`: the plan with which the domain's processes were started. Its Landlock layer stays in
   * force whatever the policy is now. `names`: where late names are brokered. `used`: where grants
   * are marked that are used; null for nowhere.
   */
  constructor(
    automaton: Automaton,
    started: Plan,
    names: StartedNames | null,
    used: UsedGrants | null,
  ) {
    this.#used = used;
    this.#automaton = automaton;
    this.#kernelCreates = new Set(started.mediation.kernelCreates.map(spelled));
    this.#started = names;
    this.#handled = started.landlock?.handledFs ?? 0n;
  }

  /**
   * All that is granted on the name. `wanted`: what the call needs of it; the grants of that count
   * as used. 0 for a question that needs nothing.
   */
  of(name: Bytes, wanted: PermissionSet): PermissionSet {
    const known = this.#of(name);
    const fresh = known.permissions & wanted & ~known.used;
    if (this.#used !== null && fresh !== 0) {
      this.#used.named(name, fresh);
      known.used |= fresh;
    }
    return known.permissions;
  }

  #of(name: Bytes): Known {
    this.#forgetUses();
    const known = this.#known.get(name);
    if (known !== undefined) return known;
    const made = { permissions: this.#automaton.permissions(this.#state(name)), used: 0 };
    if (name.length > NAME_KEPT_BYTES_MAX) return made;
    if (this.#known.size >= NAMES_KEPT_MAX) this.#known.clear();
    this.#known.set(name, made);
    return made;
  }

  /** The agent has taken the marks back. */
  #forgetUses(): void {
    if (this.#used === null || this.#used.epoch === this.#epoch) return;
    this.#epoch = this.#used.epoch;
    this.#known.clear();
  }

  /** What is granted on every name below the directory. `wanted`: as of a name. */
  below(directory: Bytes, wanted: PermissionSet): PermissionSet {
    this.#used?.below(directory, wanted);
    return this.#automaton.uniform(this.#state(directory === "/" ? "/" : `${directory}/`));
  }

  /**
   * What the new name would have beyond the old one. Every grant on the old name counts as used:
   * without one of them, the new name may have more.
   */
  gained(from: Bytes, to: Bytes, directory: boolean): PermissionSet {
    this.of(from, allPermissions);
    if (directory) this.#used?.below(from, allPermissions);
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
