import { type Automaton, walkName } from "../automaton/automaton.ts";
import { buildLarger } from "../automaton/build.ts";
import { VIEW_DEPTH_MAX, VIEW_ENTRIES_MAX } from "../limits.ts";
import { SLASH } from "../pattern/byte-set.ts";
import { Permission, type PermissionSet } from "../permission.ts";
import type { NameRule } from "../rule.ts";
import type { Snapshot, SnapshotNode } from "../snapshot.ts";
import { ChildNames } from "./child-names.ts";
import { kernelHeld, kernelNames } from "./kernel-grants.ts";
import type { WalkedDirectory } from "./refer.ts";
import type { Deviation, InodePlacement } from "./types.ts";

interface Visit {
  readonly path: string;
  readonly node: SnapshotNode;
  readonly state: number;
  /** What directories above give already. */
  readonly covered: PermissionSet;
  readonly depth: number;
}

/**
 * Gives each part of the snapshot its placement. Depth first, names in order, so the outcome is
 * deterministic.
 */
export class PlacementWalk {
  readonly directories: WalkedDirectory[] = [];
  readonly inodes: InodePlacement[] = [];
  readonly widened: Deviation[] = [];
  readonly lost: Deviation[] = [];
  readonly tooWide: string[] = [];
  private entries = 0;
  private readonly automaton: Automaton;
  private readonly rules: readonly NameRule[];
  private readonly snapshot: Snapshot;
  private readonly childNames: ChildNames;

  constructor(automaton: Automaton, rules: readonly NameRule[], snapshot: Snapshot) {
    this.automaton = automaton;
    this.rules = rules;
    this.snapshot = snapshot;
    this.childNames = new ChildNames(automaton);
  }

  run(): this {
    const node = this.snapshot.lookup("/");
    if (node !== null) {
      const state = this.automaton.step(this.automaton.start, SLASH);
      this.directory({ path: "/", node, state, covered: 0, depth: 0 }, state);
    }
    for (const list of [this.directories, this.inodes, this.widened, this.lost]) {
      list.sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0));
    }
    return this;
  }

  private visit(visit: Visit, inProcfs: boolean): void {
    const { node, state } = visit;
    if (node.kind === "symlink") return;
    if (node.procfs && !inProcfs) this.procfs(visit);
    else if (node.kind === "directory") this.directory(visit, this.automaton.step(state, SLASH));
    else this.file(visit);
  }

  private file({ path, node, state, covered }: Visit): void {
    const rights = this.automaton.permissions(state) & kernelHeld & ~covered;
    if (rights !== 0) this.inodes.push({ path, inode: node.inode, rights });
  }

  /** `below` is the state after `DIR/`. */
  private directory(visit: Visit, below: number): void {
    const { path, node, covered } = visit;
    const self = this.automaton.permissions(visit.state);
    const rights = this.rightsOf(self, below);
    if ((rights & ~covered) !== 0) this.place(visit, rights, below);
    const held = covered | rights;
    const unlisted = self & Permission.read & ~held;
    if (unlisted !== 0) this.lost.push({ path, permissions: unlisted, why: "listing" });
    const wanted = (this.automaton.reachable(below) & kernelHeld) | this.automaton.creatable(below);
    if ((wanted & ~held) !== 0) this.children(visit, below, held, node.procfs);
  }

  /** Listing also depends on the directory itself; everything else only on the names below. */
  private rightsOf(self: PermissionSet, below: number): PermissionSet {
    const uniform = this.automaton.uniform(below) & (self | ~Permission.read);
    return uniform & (this.automaton.homogeneous(below) ? kernelHeld | kernelNames : kernelHeld);
  }

  private place({ path, node }: Visit, rights: PermissionSet, below: number): void {
    this.directories.push({
      path,
      inode: node.inode,
      rights,
      kernelCreates: (rights & kernelNames) === kernelNames,
      unheld: this.automaton.uniform(below) & ~kernelHeld & ~kernelNames,
    });
  }

  private children(visit: Visit, below: number, covered: PermissionSet, inProcfs: boolean): void {
    const chosen = this.childNames.of(below);
    const names = chosen ?? this.snapshot.list(visit.path);
    if (names === null) {
      const permissions = this.automaton.reachable(below) & kernelHeld & ~covered;
      if (permissions !== 0) this.lost.push({ path: visit.path, permissions, why: "unreadable" });
      return;
    }
    for (const name of names) {
      if (this.tooWide.length > 0) return;
      const state = walkName(this.automaton, name, below);
      if (this.automaton.dead(state)) continue;
      if (++this.entries > VIEW_ENTRIES_MAX || visit.depth >= VIEW_DEPTH_MAX) {
        this.tooWide.push(visit.path);
        return;
      }
      // Most names of a large folder have only what the folder gives them, and need not be looked
      // at.
      if (chosen === null && !this.adds(state, covered)) continue;
      const path = visit.path === "/" ? `/${name}` : `${visit.path}/${name}`;
      const node = this.snapshot.lookup(path);
      if (node !== null)
        this.visit({ path, node, state, covered, depth: visit.depth + 1 }, inProcfs);
    }
  }

  /** The name that led to `state`, or some name below it, has more than directories above give. */
  private adds(state: number, covered: PermissionSet): boolean {
    const below =
      this.automaton.reachable(this.automaton.step(state, SLASH)) & (kernelHeld | kernelNames);
    return (((this.automaton.permissions(state) & kernelHeld) | below) & ~covered) !== 0;
  }

  /**
   * Kernel rules on procfs hold only on its root. A grant to read something below becomes reading
   * all of it, unless the policy denies reading something there. Other grants below are lost.
   */
  private procfs(visit: Visit): void {
    const { path, covered } = visit;
    const below = this.automaton.step(visit.state, SLASH);
    const exact = this.rightsOf(this.automaton.permissions(visit.state), below) & kernelHeld;
    const some =
      (this.automaton.reachable(below) | this.automaton.permissions(visit.state)) & kernelHeld;
    const missing = some & ~exact & ~covered;
    const widened = missing & Permission.read & ~this.deniedBelow(path);
    const rights = exact | widened;
    if ((rights & ~covered) !== 0) this.place(visit, rights, below);
    if (widened !== 0) this.widened.push({ path, permissions: widened, why: "procfs" });
    if ((missing & ~widened) !== 0)
      this.lost.push({ path, permissions: missing & ~widened, why: "procfs" });
  }

  private deniedBelow(path: string): PermissionSet {
    const denies = this.rules.filter((rule) => rule.effect === "deny");
    const denied = buildLarger(denies.map((rule) => ({ ...rule, effect: "allow" as const })));
    const state = walkName(denied, path);
    return denied.permissions(state) | denied.reachable(denied.step(state, SLASH));
  }
}
