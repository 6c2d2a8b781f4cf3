import {
  chmodSync,
  chownSync,
  mkdirSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  PUBLIC_FILE,
  PUBLIC_FOLDER,
  SHARED_FILE,
  SHARED_FOLDER,
  TEMPORARY_FOLDER,
} from "../../src/base/modes.ts";
import { type LoadOptions, loadPolicy } from "../../src/policy/load.ts";
import { scratchFolder } from "../support/scratch.ts";
import { needsRoot } from "../support/skip.ts";
import { vocabulary } from "./vocabulary.ts";

let root = "";
beforeEach(() => {
  root = realpathSync(scratchFolder("load"));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

function put(name: string, text: string): string {
  const file = join(root, name);
  mkdirSync(dirname(file), { recursive: true, mode: PUBLIC_FOLDER });
  writeFileSync(file, text, { mode: PUBLIC_FILE });
  return file;
}

function byName(name: string, options: Partial<LoadOptions> = {}): ReturnType<typeof loadPolicy> {
  return loadPolicy(
    { name, searchPath: [join(root, "etc"), join(root, "shipped")] },
    { vocabulary, ...options },
  );
}

const codes = (loaded: ReturnType<typeof loadPolicy>): string[] =>
  loaded.diagnostics.map(({ code }) => code);

describe("loadPolicy by name", () => {
  it("takes the first folder that has the file, and names the candidates before it", () => {
    const shipped = put("shipped/web.yaml", "summary: shipped");
    const first = byName("web");
    expect(first.policy?.summary).toBe("shipped");
    expect(first.files).toEqual([shipped]);
    expect(first.absent).toEqual([join(root, "etc/web.yaml")]);
    const own = put("etc/web.yaml", "summary: own");
    const second = byName("web");
    expect(second.policy?.summary).toBe("own");
    expect([second.files, second.absent]).toEqual([[own], []]);
  });

  it("stops at a file that it must not read, and does not go on to the next folder", () => {
    put("shipped/web.yaml", "summary: shipped");
    chmodSync(put("etc/web.yaml", "summary: own"), SHARED_FILE);
    const loaded = byName("web");
    expect(loaded.policy).toBeNull();
    expect(codes(loaded)).toEqual(["CFD1005"]);
  });

  it("takes an instance's own file before its template, and fills in the instance", () => {
    put("etc/vm@.yaml", 'files: ["r /srv/${instance}/**"]');
    const made = byName("vm@web1");
    expect(made.policy?.name).toBe("vm@web1");
    expect(made.policy?.names.map(({ pattern }) => pattern)).toEqual(["/srv/web1/**"]);
    expect(made.absent).toEqual([
      join(root, "etc/vm@web1.yaml"),
      join(root, "shipped/vm@web1.yaml"),
    ]);
    put("shipped/vm@web1.yaml", "summary: special");
    expect(byName("vm@web1").policy?.summary).toBe("special");
  });

  it("refuses names that could lead out of the folders", () => {
    for (const name of [
      "../web",
      "a/b",
      "vm@..",
      "vm@../x",
      "",
      ".web",
      "superDom",
      "x".repeat(65),
    ]) {
      expect(codes(byName(name)), name).toEqual(["CFD1014"]);
    }
  });

  it("looks for abstractions beside the policies first, then where the caller says", () => {
    put("etc/web.yaml", "include: [base]");
    const extra = put("more/base.yaml", "files: [r /more]");
    const options = { abstractions: [join(root, "more")] };
    expect(byName("web", options).files).toContain(extra);
    put("shipped/abstractions/base.yaml", "files: [r /shipped]");
    expect(byName("web", options).policy?.names.map(({ pattern }) => pattern)).toEqual([
      "/shipped",
    ]);
    expect(byName("web", options).absent).toContain(join(root, "etc/abstractions/base.yaml"));
  });

  it("an included file that is wrong is as bad as the policy itself", () => {
    put("etc/web.yaml", "include: [base]");
    put("etc/abstractions/base.yaml", "files: [k /a]");
    const loaded = byName("web");
    expect(loaded.policy).toBeNull();
    expect(loaded.diagnostics[0]?.file).toBe(join(root, "etc/abstractions/base.yaml"));
  });
});

describe("rules", () => {
  it("carry the place and the text of the part they come from", () => {
    const file = put(
      "etc/web.yaml",
      "vars: { dirs: [/a, /b] }\nfiles:\n  - deny rw /x ${dirs}/*\n",
    );
    const sources = byName("web").policy?.names.map(({ source }) => source);
    expect(sources).toEqual([
      { file, line: 3, column: 13, length: 2, text: "deny rw /x" },
      { file, line: 3, column: 16, length: 9, text: "deny rw /a/*" },
      { file, line: 3, column: 16, length: 9, text: "deny rw /b/*" },
    ]);
  });

  it("a value given with --set means itself, never a pattern", () => {
    put("etc/web.yaml", 'vars: { root: /srv }\nfiles: ["r ${root}/**"]');
    const names = byName("web", { set: { root: "/a*{b} c" } }).policy?.names;
    expect(names?.map(({ pattern }) => pattern)).toEqual(["/a\\*\\{b\\}\\ c/**"]);
  });

  it("@default is always among the system calls, and a denial of it stands", () => {
    put("etc/web.yaml", "syscalls: [deny futex]");
    const syscalls = byName("web").policy?.syscalls.map(
      ({ effect, token }) => `${effect} ${token}`,
    );
    expect(syscalls).toEqual(["allow futex", "allow read", "deny futex"]);
  });

  it("an IPv6 address, its compressed form and loopback are read to the same bytes", () => {
    put(
      "etc/web.yaml",
      "network:\n  - listen tcp [2001:db8:0:0:0:0:0:1]:1 [2001:DB8::1]:1 loopback:2\n",
    );
    const networks = byName("web").policy?.addresses.map(({ network }) =>
      [...(network?.address ?? [])].join("."),
    );
    const one = "32.1.13.184.0.0.0.0.0.0.0.0.0.0.0.1";
    expect(networks).toEqual([one, one, "127.0.0.0", "0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.1"]);
  });
});

describe("trust", () => {
  it("a folder reached through a symbolic link is judged as the folder it is", () => {
    put("open/web.yaml", "summary: mine");
    chmodSync(join(root, "open"), SHARED_FOLDER);
    symlinkSync(join(root, "open"), join(root, "etc"));
    expect(codes(byName("web"))).toEqual(["CFD1007"]);
    chmodSync(join(root, "open"), PUBLIC_FOLDER);
    expect(byName("web").policy?.summary).toBe("mine");
  });

  it("a folder further up that others may write is refused, one with the sticky bit is not", () => {
    put("up/etc/web.yaml", "summary: mine");
    const load = () => loadPolicy(join(root, "up/etc/web.yaml"), { vocabulary });
    chmodSync(join(root, "up"), SHARED_FOLDER);
    expect(codes(load())).toEqual(["CFD1007"]);
    chmodSync(join(root, "up"), TEMPORARY_FOLDER);
    expect(load().policy?.summary).toBe("mine");
  });

  it("only the named owners are trusted", () => {
    put("etc/web.yaml", "summary: mine");
    expect(codes(byName("web", { owners: [4_000_000] }))[0]).toMatch(/^CFD100[68]$/);
  });
});

describe("policies that come with the program", () => {
  const stranger = 65533;

  it("may belong to whoever owns the program, and no others may", (context) => {
    needsRoot(context);
    const shipped = { folder: join(root, "shipped"), owner: stranger };
    const [own, elsewhere] = [
      put("shipped/web.yaml", "summary: w"),
      put("other/mail.yaml", "summary: m"),
    ];
    for (const path of [shipped.folder, own, dirname(elsewhere), elsewhere])
      chownSync(path, stranger, stranger);
    expect(byName("web").policy).toBeNull();
    expect(byName("web", { shipped }).policy).not.toBeNull();
    expect(loadPolicy(elsewhere, { vocabulary, shipped }).policy).toBeNull();
    expect(byName("web", { shipped: { ...shipped, owner: stranger - 1 } }).policy).toBeNull();
  });
});
