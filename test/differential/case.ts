import fc from "fast-check";
import { Permission, type PermissionSet } from "../../src/model/permission.ts";
import type { Request } from "../../src/model/request.ts";

/**
 * One differential case: a policy over a small tree of files, and requests of which each changes
 * names that no other one looks at, so that they can be carried out one after the other in one
 * domain.
 */
export interface Case {
  /** `files` and `network` lines; paths begin with `@/`, which stands for the scratch directory. */
  readonly files: readonly string[];
  readonly network: readonly string[];
  readonly probes: readonly Probe[];
}

/** What the prober does, and what that means to the reference monitor. */
export interface Probe {
  readonly operation: string;
  readonly name: string;
  readonly other: string | null;
}

const directories = ["a", "a/b", "a/c", "d"] as const;
/** Every directory holds these files, one for each probe that may change or remove it. */
export const filesPerDirectory = 6;
/** ... and these empty directories. */
export const emptyDirectoriesPerDirectory = 2;

export function treeNames(): { directories: string[]; files: string[] } {
  const inner = directories.flatMap((d) =>
    Array.from({ length: emptyDirectoriesPerDirectory }, (_, i) => `${d}/e${i}`),
  );
  const files = directories.flatMap((d) =>
    Array.from({ length: filesPerDirectory }, (_, i) => `${d}/f${i}`),
  );
  return { directories: [...directories, ...inner], files };
}

const letters = fc
  .subarray(["r", "w", "c", "d", "x", "a"], { minLength: 1 })
  .map((list) => list.join(""));
const place = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(...directories).map((d) => `@/${d}/**`) },
  {
    weight: 3,
    arbitrary: fc
      .tuple(fc.constantFrom(...directories), fc.nat(filesPerDirectory))
      .map(([d, i]) => `@/${d}/f${i}`),
  },
  { weight: 2, arbitrary: fc.constantFrom(...directories).map((d) => `@/${d}/*`) },
  {
    weight: 2,
    arbitrary: fc.constantFrom(
      "@/a/{b,c}/f[0-2]",
      "@/**/f1",
      "@/a/?/n*",
      "@/d/n*",
      "@/a/n*",
      "@/a/b/{f0,n1,n2}",
      "@/d/e0",
      "@/a/b",
    ),
  },
);
const fileLine = fc
  .tuple(fc.boolean(), letters, place)
  .map(([denies, what, where]) => `${denies ? "deny " : ""}${what} ${where}`);

interface Choice {
  readonly operation: string;
  readonly directory: string;
  readonly target: string;
}

const choice: fc.Arbitrary<Choice> = fc.record({
  operation: fc.constantFrom(
    ...[
      "read",
      "list",
      "write",
      "truncate",
      "mkfile",
      "mkdir",
      "mkfifo",
      "symlink",
      "unlink",
      "rmdir",
      "chmod",
      "execute",
      "bind",
      "rename",
      "link",
    ],
  ),
  directory: fc.constantFrom(...directories),
  target: fc.constantFrom(...directories),
});

/**
 * Gives every probe names of its own: files and empty directories are used up, new names are
 * counted.
 */
function assignNames(choices: readonly Choice[]): Probe[] {
  const used = new Map<string, number>();
  const next = (key: string, limit: number) => {
    const n = used.get(key) ?? 0;
    used.set(key, n + 1);
    return n < limit ? n : null;
  };
  const fresh = (d: string) => `@/${d}/n${next(`${d}/n`, Number.POSITIVE_INFINITY)}`;
  const takes = (d: string, kind: "f" | "e", limit: number) => {
    const n = next(`${d}/${kind}`, limit);
    return n === null ? null : `@/${d}/${kind}${n}`;
  };
  return choices.flatMap(({ operation, directory, target }): Probe[] => {
    const one = (name: string | null): Probe[] =>
      name === null ? [] : [{ operation, name, other: null }];
    if (operation === "list") return one(`@/${directory}`);
    if (["mkfile", "mkdir", "mkfifo", "symlink", "bind"].includes(operation))
      return one(fresh(directory));
    if (operation === "rmdir") return one(takes(directory, "e", emptyDirectoriesPerDirectory));
    const file = takes(directory, "f", filesPerDirectory);
    if (operation !== "rename" && operation !== "link") return one(file);
    return file === null ? [] : [{ operation, name: file, other: fresh(target) }];
  });
}

export const cases: fc.Arbitrary<Case> = fc
  .record({
    files: fc.array(fileLine, { minLength: 1, maxLength: 6 }),
    network: fc.array(
      place.map((where) => `listen unix ${where}`),
      { maxLength: 1 },
    ),
    choices: fc.array(choice, { minLength: 20, maxLength: 60 }),
  })
  .map(({ files, network, choices }) => ({ files, network, probes: assignNames(choices) }));

const operations: Record<string, PermissionSet> = {
  read: Permission.read,
  list: Permission.read,
  write: Permission.write,
  truncate: Permission.write,
  chmod: Permission.attributes,
  execute: Permission.execute,
};

/**
 * The question a probe puts to `decide()`; `resolve` turns `@/...` into the real name, `inode` says
 * what it leads to.
 */
export function requestOf(
  probe: Probe,
  resolve: (name: string) => string,
  inode: (name: string) => string | undefined,
): Request {
  const path = resolve(probe.name);
  if (probe.operation === "rename" || probe.operation === "link") {
    return {
      class: "two-names",
      operation: probe.operation,
      from: path,
      to: resolve(probe.other ?? ""),
      directory: false,
      replaces: false,
    };
  }
  const permission = operations[probe.operation];
  if (permission !== undefined) {
    const operation = (Object.keys(Permission) as (keyof typeof Permission)[]).find(
      (name) => Permission[name] === permission,
    );
    const known = inode(path);
    return {
      class: "name",
      operation: operation ?? "read",
      path,
      ...(known === undefined ? {} : { inode: known }),
    };
  }
  const operation =
    probe.operation === "unlink" || probe.operation === "rmdir"
      ? "delete"
      : probe.operation === "bind"
        ? "listen"
        : "create";
  return { class: "name", operation, path };
}
