import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { walk } from "../../src/model/automaton/automaton.ts";
import { buildAutomaton } from "../../src/model/automaton/build.ts";
import { decide } from "../../src/model/decide.ts";
import { gains } from "../../src/model/gain.ts";
import { VIEW_ENTRIES_MAX } from "../../src/model/limits.ts";
import { bytesOfName } from "../../src/model/name-bytes.ts";
import { formatLetters, Permission } from "../../src/model/permission.ts";
import { kernelGrants, type SealedView, sealedView } from "../../src/model/sealed-view.ts";
import { nameRules } from "./helpers/arbitraries.ts";
import { memorySnapshot, type TreeEntry } from "./helpers/memory-snapshot.ts";
import { names, policy } from "./helpers/policy.ts";

const { read, write, create, delete: remove, execute, ioctl } = Permission;
const onInodes = read | write | execute | ioctl;

function view(
  lines: readonly string[],
  tree: Record<string, TreeEntry>,
  procfs: readonly string[] = [],
): SealedView {
  return sealedView(policy({ names: names(...lines) }), memorySnapshot(tree, procfs));
}

const placed = ({ directories, inodes }: SealedView) => ({
  directories: directories.map(({ path, rights }) => `${formatLetters(rights)} ${path}`),
  inodes: inodes.map(({ path, rights }) => `${formatLetters(rights)} ${path}`),
});

describe("where the kernel's rules stand", () => {
  test("a tree is one directory rule", () => {
    expect(placed(view(["r /etc/nginx/**"], { "/etc/nginx/a/b": "file" }))).toEqual({
      directories: ["r /etc/nginx"],
      inodes: [],
    });
  });

  test("a plain file and a glob are rules on inodes", () => {
    const tree = {
      "/var/log/a.log": "file",
      "/var/log/b.txt": "file",
      "/etc/passwd": "file",
    } as const;
    expect(placed(view(["r /etc/passwd", "rw /var/log/*.log"], tree))).toEqual({
      directories: [],
      inodes: ["r /etc/passwd", "rw /var/log/a.log"],
    });
  });

  test("a deny inside is split around: neighbours keep rules, the directory is not listed", () => {
    const sealed = view(["rw /srv/**", "deny rw /srv/secret/**"], {
      "/srv/secret/key": "file",
      "/srv/open/a": "file",
      "/srv/file": "file",
    });
    expect(placed(sealed)).toEqual({ directories: ["rw /srv/open"], inodes: ["rw /srv/file"] });
    expect(sealed.lost).toEqual([{ path: "/srv", permissions: read, why: "listing" }]);
  });

  test("create and delete only where all names below have the same permissions", () => {
    const tree = { "/a/x": "file", "/b/x": "file", "/b/sub/y": "file" } as const;
    const sealed = view(["rwcd /a/**", "rwcd /b/**", "deny w /b/x"], tree);
    expect(placed(sealed)).toEqual({ directories: ["rwcd /a", "r /b", "rwcd /b/sub"], inodes: [] });
    expect(sealed.directories.map(({ kernelCreates }) => kernelCreates)).toEqual([
      true,
      false,
      true,
    ]);
    expect(sealed.brokered.map(({ rule, permissions }) => [rule.pattern, permissions])).toEqual([
      ["/b/**", create | remove],
    ]);
  });

  test("create and delete alone also lead the walk to the directories that can have them", () => {
    const sealed = view(["cd /a/*/spool/**"], { "/a/x/spool/m": "file", "/a/y": "directory" });
    expect(placed(sealed)).toEqual({ directories: ["cd /a/x/spool"], inodes: [] });
  });

  test("single names in a shared directory are brokered", () => {
    const sealed = view(["rwcd /run/nginx.pid", "a /srv/**", "connect unix /run/*.sock"], {
      "/run/nginx.pid": "file",
    });
    expect(placed(sealed)).toEqual({ directories: [], inodes: ["rw /run/nginx.pid"] });
    expect(sealed.brokered.map(({ permissions }) => permissions)).toEqual([
      create | remove,
      Permission.attributes,
      Permission.connect,
    ]);
  });

  test("names in a directory the kernel keeps are not brokered, the directory's own is", () => {
    const sealed = view(["rwcd /a/**", "rwcd /a/x /a/*.log", "cd /a"], { "/a/x": "file" });
    expect(sealed.brokered.map(({ rule }) => rule.pattern)).toEqual(["/a"]);
  });

  test("directories exchange files only where the kernel sees every difference", () => {
    const tree = { "/a/x": "file", "/b/x": "file", "/c/x": "file" } as const;
    const sealed = view(["rwcd /a/**", "rwcda /b/**", "rcd /c/**"], tree);
    expect(sealed.directories.map(({ path, refer }) => [path, refer])).toEqual([
      ["/a", true],
      ["/b", false],
      ["/c", true],
    ]);
  });

  test("symbolic links get no rule", () => {
    expect(
      placed(view(["r /a/*"], { "/a/l": "-> /etc/shadow", "/etc/shadow": "file" })).inodes,
    ).toEqual([]);
  });

  test("plain names are looked up even in unlistable directories, globs are reported", () => {
    const tree = { "/root": "unreadable", "/root/x": "file" } as const;
    expect(placed(view(["r /root/x"], tree)).inodes).toEqual(["r /root/x"]);
    expect(view(["r /root/*.x"], tree).lost).toEqual([
      { path: "/root", permissions: read, why: "unreadable" },
    ]);
  });

  test("what is not there is named", () => {
    const sealed = view(["r /opt/app/conf/*", "deny r /gone", "r /etc/hosts"], {
      "/opt": "directory",
      "/etc/hosts": "file",
    });
    expect(sealed.missing.map(({ path }) => path)).toEqual(["/opt/app"]);
  });
});

describe("procfs", () => {
  const tree = {
    "/proc/1/status": "file",
    "/proc/sys/kernel/x": "file",
    "/proc/self": "-> 1",
  } as const;

  test("reading something becomes reading all of it, and says so", () => {
    const sealed = view(["r /proc/sys/kernel/x"], tree, ["/proc"]);
    expect(placed(sealed)).toEqual({ directories: ["r /proc"], inodes: [] });
    expect(sealed.widened).toEqual([{ path: "/proc", permissions: read, why: "procfs" }]);
  });

  test("writing below it is lost", () => {
    const sealed = view(["rw /proc/sys/kernel/x"], tree, ["/proc"]);
    expect(placed(sealed)).toEqual({ directories: ["r /proc"], inodes: [] });
    expect(sealed.lost).toEqual([{ path: "/proc", permissions: write, why: "procfs" }]);
  });

  test("it is never widened over a deny", () => {
    const sealed = view(["r /proc/**", "deny r /proc/sys/**"], tree, ["/proc"]);
    expect(placed(sealed)).toEqual({ directories: [], inodes: [] });
    expect(sealed.lost).toEqual([{ path: "/proc", permissions: read, why: "procfs" }]);
  });

  test("the whole of it is no widening", () => {
    const sealed = view(["r /proc/**"], tree, ["/proc"]);
    expect([placed(sealed).directories, sealed.widened, sealed.lost]).toEqual([
      ["r /proc"],
      [],
      [],
    ]);
  });
});

test("a walk that finds no end is given up, and names the rules that led there", () => {
  const endless = {
    lookup: (path: string) => ({
      kind: "directory" as const,
      inode: `1:${path.length}`,
      target: null,
      procfs: false,
    }),
    list: () => Array.from({ length: 400 }, (_, index) => `d${index}`),
  };
  const sealed = sealedView(policy({ names: names("r /srv/**/*.conf", "r /etc/**") }), endless);
  expect(sealed.tooWide).toHaveLength(1);
  expect(sealed.tooWide[0]?.rules.map(({ pattern }) => pattern)).toEqual(["/srv/**/*.conf"]);
  expect(VIEW_ENTRIES_MAX).toBeGreaterThan(1000);
});

describe("decide on a sealed view", () => {
  const tree = { "/etc/a": "file", "/etc/b": "file", "/srv/d/x": "file" } as const;
  const rules = policy({ names: names("rw /etc/*", "rwcda /srv/d/**", "c /etc/late") });
  const sealed = sealedView(rules, memorySnapshot(tree));
  const ask = (
    operation: "read" | "write" | "create" | "attributes",
    path: string,
    inode?: string,
  ) => {
    const decision = decide(
      rules,
      { class: "name", operation, path, ...(inode === undefined ? {} : { inode }) },
      sealed,
    );
    return decision.outcome === "granted" ? "granted" : decision.reason;
  };

  test("a name made after the start matches its pattern and is denied all the same", () => {
    expect(ask("read", "/etc/a")).toBe("granted");
    expect(ask("read", "/etc/late")).toBe("late-name");
    expect(ask("create", "/etc/late")).toBe("granted");
    expect(ask("attributes", "/srv/d/late")).toBe("granted");
    expect(ask("read", "/srv/d/late")).toBe("granted");
    expect(ask("read", "/else")).toBe("no-rule");
  });

  test("a file that was replaced is another file", () => {
    const inode = memorySnapshot(tree).lookup("/etc/a")?.inode as string;
    expect(ask("read", "/etc/a", inode)).toBe("granted");
    expect(ask("read", "/etc/a", "1:999")).toBe("late-name");
    expect(ask("read", "/srv/d/x", "1:999")).toBe("granted");
  });
});

describe("for generated policies and trees", () => {
  const component = fc.constantFrom("a", "b", "ab", "c", ".a", "*");
  const tree = fc
    .array(
      fc.tuple(
        fc.array(component, { minLength: 1, maxLength: 4 }),
        fc.constantFrom("file", "device", "directory"),
      ),
      {
        minLength: 1,
        maxLength: 12,
      },
    )
    .map((entries) => {
      const written: Record<string, TreeEntry> = {};
      for (const [components, kind] of entries)
        written[`/${components.join("/")}`] = kind as TreeEntry;
      for (const path of Object.keys(written)) {
        if (Object.keys(written).some((other) => other.startsWith(`${path}/`)))
          written[path] = "directory";
      }
      return written;
    });
  const late = fc
    .array(component, { minLength: 1, maxLength: 5 })
    .map((components) => `/${components.join("/")}`);

  test("the kernel never gives more than the policy, now or later, and each file its due", () => {
    let compared = 0;
    fc.assert(
      fc.property(
        nameRules,
        tree,
        fc.array(late, { maxLength: 8 }),
        (rules, entries, lateNames) => {
          const snapshot = memorySnapshot(entries);
          const sealed = sealedView(policy({ names: rules }), snapshot);
          const automaton = buildAutomaton(rules);
          const granted = (path: string) =>
            automaton.permissions(walk(automaton, bytesOfName(path)));
          for (const path of lateNames.filter((each) => snapshot.lookup(each) === null)) {
            expect(
              kernelGrants(sealed, path, "9:9") & onInodes & ~granted(path),
              `late ${path}`,
            ).toBe(0);
          }
          for (const [path, kind] of Object.entries(entries)) {
            const given = kernelGrants(sealed, path, null) & onInodes;
            const wanted = granted(path) & onInodes;
            if (kind === "directory") expect(given & read & ~wanted, `directory ${path}`).toBe(0);
            else expect(given, `file ${path}`).toBe(wanted);
            compared += Number(kind !== "directory" && wanted !== 0);
          }
        },
      ),
      { numRuns: 1500 },
    );
    expect(compared).toBeGreaterThan(200);
  });

  test("where the kernel makes and moves names, the policy would too", () => {
    let kept = 0;
    fc.assert(
      fc.property(nameRules, tree, late, late, (rules, entries, one, other) => {
        const automaton = buildAutomaton(rules);
        const below = (path: string, name: string) =>
          walk(automaton, bytesOfName(`${path === "/" ? "" : path}${name}`));
        const { directories } = sealedView(policy({ names: rules }), memorySnapshot(entries));
        const exchanging = directories.filter(({ refer }) => refer);
        for (const { path, rights } of directories) {
          expect(rights & ~automaton.permissions(below(path, one))).toBe(0);
          kept += Number((rights & create) !== 0);
        }
        for (const from of exchanging) {
          for (const to of exchanging) {
            const [old, fresh] = [below(from.path, one), below(to.path, other)];
            // The kernel itself compares the rights it knows.
            expect(gains(automaton, old, fresh, true) & ~(onInodes | create | remove)).toBe(0);
          }
        }
      }),
      { numRuns: 1500 },
    );
    expect(kept).toBeGreaterThan(50);
  });
});
