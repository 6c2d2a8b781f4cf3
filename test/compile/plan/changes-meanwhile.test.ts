import { mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { isDeepStrictEqual } from "node:util";
import { afterEach, beforeEach, expect, test } from "vitest";
import { compile } from "../../../src/compile/compile.ts";
import { factOf } from "../../../src/compile/facts.ts";
import { type HostSnapshot, hostSnapshot } from "../../../src/compile/host-snapshot.ts";
import { oneMoment } from "../../../src/compile/one-moment.ts";
import { S_IFMT } from "../../../src/kernel/constants.ts";
import { canonicalJson } from "../../../src/plan/canonical-json.ts";
import type { Plan } from "../../../src/plan/plan.ts";
import { host, nameRule, options, planOf, policy, tree } from "./fixtures.ts";

const names = [
  "www/",
  "www/a/",
  "www/a/x",
  "www/b/",
  "www/b/y",
  "www/link -> a",
  "log/",
  "log/one.log",
];
let root = "";
let drop: () => void;
beforeEach(() => {
  ({ root, drop } = tree(names));
});
afterEach(() => drop());

/** What an administrator does once during the compilation. */
const changes: Readonly<Record<string, () => void>> = {
  "a file is made": () => writeFileSync(`${root}/log/two.log`, ""),
  "a file is removed": () => rmSync(`${root}/log/one.log`),
  "a file is another one": () => {
    writeFileSync(`${root}/log/new`, "");
    renameSync(`${root}/log/new`, `${root}/log/one.log`);
  },
  "a folder is made": () => mkdirSync(`${root}/www/c`),
  "a link leads elsewhere": () => {
    rmSync(`${root}/www/link`);
    symlinkSync("b", `${root}/www/link`);
  },
  "a folder becomes a link": () => {
    renameSync(`${root}/log`, `${root}/old`);
    symlinkSync("old", `${root}/log`);
  },
  "what was missing is there": () => writeFileSync(`${root}/missing`, ""),
};

const written = () =>
  policy({
    names: [
      `r ${root}/www/link/**`,
      `r ${root}/www/*/y`,
      `deny r ${root}/www/c/**`,
      `rw ${root}/log/*.log`,
      `r ${root}/missing`,
      `rwcd ${root}/log/one.log`,
    ],
  });

/** The real host, on which `change` happens before the look or the listing of that number. */
function hostThatChanges(
  at: number,
  change: () => void,
): { snapshot: HostSnapshot; asked: () => number } {
  const inner = hostSnapshot();
  let asked = 0;
  const step = () => {
    if (asked++ === at) change();
  };
  const snapshot: HostSnapshot = {
    look(path) {
      step();
      return inner.look(path);
    },
    lookup: (path) => snapshot.look(path).node,
    list(path) {
      step();
      return inner.list(path);
    },
  };
  return { snapshot, asked: () => asked };
}

async function planOn(snapshot: HostSnapshot): Promise<Plan> {
  const { plan, diagnostics } = await compile(
    written(),
    options({ facts: host(), snapshot: oneMoment(snapshot) }),
  );
  if (plan === null) throw new Error(JSON.stringify(diagnostics));
  return plan;
}

/** What the launcher would do, without the facts. */
const deeds = ({ facts: _, ...plan }: Plan): string =>
  canonicalJson(
    JSON.parse(
      JSON.stringify(plan, (_key, value) => (typeof value === "bigint" ? String(value) : value)),
    ),
  );

const isStale = ({ facts }: Plan): boolean =>
  facts.some((fact) => {
    if (!("path" in fact)) return false;
    const now = factOf(fact.path);
    if (fact.kind === "object") return now.kind === "absent" || (now.mode & S_IFMT) !== fact.type;
    return !isDeepStrictEqual({ ...now, role: fact.role }, fact);
  });

test.for(Object.keys(changes))(
  "a plan made while %s is stale, or equals one that is made afterwards",
  async (name) => {
    const change = changes[name] as () => void;
    const quiet = hostThatChanges(Number.POSITIVE_INFINITY, change);
    expect(isStale(await planOn(quiet.snapshot))).toBe(false);
    let stale = 0;
    for (let at = 0; at < quiet.asked(); at++) {
      const { snapshot } = hostThatChanges(at, change);
      const plan = await planOn(snapshot);
      if (isStale(plan)) stale++;
      else
        expect(deeds(plan), `changed before look ${at}`).toBe(deeds(await planOn(hostSnapshot())));
      drop();
      ({ root, drop } = tree(names));
    }
    expect(stale).toBeGreaterThan(0);
  },
);

test("accounts are a fact of the time before they are read", async () => {
  const asked: string[] = [];
  const accounts = () => {
    asked.push("read");
    return {
      users: [{ name: "www", uid: 33, gid: 33, home: "", shell: "" }],
      groups: [{ name: "www", gid: 33, members: [] }],
    };
  };
  const factAt = (path: string) => {
    asked.push(path);
    return { kind: "absent", path } as const;
  };
  await compile(
    { ...policy({ user: "www" }), names: [nameRule("r /srv")] },
    options({ accounts, factAt }),
  );
  expect(asked.indexOf("/etc/passwd")).toBeLessThan(asked.indexOf("read"));
  expect(asked.indexOf("/etc/passwd")).toBeGreaterThanOrEqual(0);
});

test.for([
  [false, "authority"],
  [true, "snapshot"],
] as const)(
  "a link that was followed (another root: %s) is a fact of role %s",
  async ([otherRoot, role]) => {
    const written = policy({ names: [`r ${root}/www/link/**`] });
    const { facts } = await planOf(written, { otherRoot });
    const link = facts.find((fact) => "path" in fact && fact.path === `${root}/www/link`);
    expect(link).toEqual({ ...factOf(`${root}/www/link`), role });
  },
);

test("where the domain sees another root, accounts are a fact of the host's", async () => {
  const { facts } = await planOf(policy({ user: "daemon" }), {
    snapshot: oneMoment(hostSnapshot(root)),
  });
  const passwd = facts.find((fact) => "path" in fact && fact.path === "/etc/passwd");
  expect(passwd).toEqual({ ...factOf("/etc/passwd"), role: "authority" });
});
