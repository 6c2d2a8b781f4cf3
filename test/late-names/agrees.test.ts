import * as fs from "node:fs";
import * as path from "node:path";
import fc from "fast-check";
import { expect, test } from "vitest";
import { decide } from "../../src/model/decide.ts";
import { modelOf } from "../differential/world.ts";
import type { Conversation } from "../properties/domain.ts";
import { LateScene } from "./scene.ts";

/** Policies of a run: two domains each, started once. */
const POLICIES = 6;
const SEED = 20_251_128;

const pattern = fc.constantFrom(
  ...["@/a/*.conf", "@/a/**", "@/a", "@/a/x.conf", "@/b/**", "@/b/x.conf", "@/*/y.log"],
  ...["@/c", "@/c/**", "@/c/*/x.conf", "@/*/*/**", "@/a/sub/**"],
);
const spelled = (words: readonly string[]) => words.join(" ");
const allow = fc.tuple(fc.constantFrom("r", "rw", "w", "rwcd"), pattern).map(spelled);
const deny = fc.tuple(fc.constantFrom("deny r", "deny"), pattern).map(spelled);
const policy = fc
  .tuple(
    fc.array(allow, { minLength: 3, maxLength: 6 }),
    fc.oneof(
      { weight: 2, arbitrary: fc.constant([]) },
      deny.map((one) => [one]),
    ),
  )
  .map((rules) => rules.flat());

const place = fc.constantFrom("a", "b", "c", "a/sub", "c/sub", "d");
const file = fc.constantFrom("x.conf", "y.log", "z.conf", "other");
const name = fc.tuple(place, file).map((parts) => parts.join("/"));

/** What happens outside while the domains run, to names of the tree. */
const changes = {
  write: (at) => fs.writeFileSync(at, "x"),
  replace: (at) => {
    fs.writeFileSync(`${at}.fresh`, "x");
    fs.renameSync(`${at}.fresh`, at);
  },
  folder: (at) => fs.mkdirSync(at),
  renew: (at) => {
    fs.cpSync(at, `${at}.fresh`, { recursive: true, verbatimSymlinks: true });
    fs.rmSync(at, { recursive: true });
    fs.renameSync(`${at}.fresh`, at);
  },
  remove: (at) => fs.rmSync(at),
  move: (at, to) => fs.renameSync(at, to),
  link: (at, to) => fs.linkSync(at, to),
  symlink: (at, to) => fs.symlinkSync(at, to),
} satisfies Record<string, (at: string, to: string) => void>;
const kinds = Object.keys(changes) as (keyof typeof changes)[];

const change = fc.record({
  kind: fc.constantFrom(...kinds),
  at: fc.oneof({ weight: 3, arbitrary: name }, place),
  to: name,
});
type Change = typeof change extends fc.Arbitrary<infer T> ? T : never;

function happen(tree: string, { kind, at, to }: Change): void {
  try {
    changes[kind](path.join(tree, at), path.join(tree, to));
  } catch {
    // It cannot happen to this tree.
  }
}

/** Every name below the tree, and some that are not there. */
function namesIn(tree: string): string[] {
  const there = fs.readdirSync(tree, { recursive: true, encoding: "utf8" });
  return [...there, "a/absent.conf", "d/absent"].map((name) => path.join(tree, name));
}

/** What the policy's text says of the object behind a name; null where there is none. */
function byText(model: ReturnType<typeof modelOf>, operation: "read" | "write", name: string) {
  try {
    const request = { class: "name", operation, path: fs.realpathSync(name) } as const;
    return decide(model.policy, request).outcome === "granted";
  } catch {
    return null;
  }
}

async function compare(scene: LateScene, grants: readonly string[], events: readonly Change[]) {
  const { tree } = scene;
  fs.rmSync(tree, { recursive: true });
  for (const folder of ["", "a", "a/sub", "b", "c"]) fs.mkdirSync(path.join(tree, folder));
  for (const file of ["a/x.conf", "a/y.log", "a/other", "a/sub/x.conf", "b/x.conf", "c/y.log"])
    fs.writeFileSync(path.join(tree, file), "x");
  const started: Conversation[] = [];
  for (const way of ["sealed", "brokered"]) {
    scene.grant(grants, way);
    const inside = scene.start();
    expect(await inside.ask("read /dev/null")).toBe("0");
    started.push(inside);
  }
  const [sealed, brokered] = started;
  if (sealed === undefined || brokered === undefined) throw new Error("not started");
  const model = modelOf(scene.policy);
  for (const event of events) happen(tree, event);
  const said = { both: 0, late: 0, refused: 0 };
  for (const name of namesIn(tree)) {
    for (const operation of ["read", "write"] as const) {
      const before = await sealed.ask(`${operation} ${name}`);
      const now = await brokered.ask(`${operation} ${name}`);
      const text = byText(model, operation, name);
      const about = `${operation} ${name}: ${grants.join(", ")}: ${JSON.stringify(events)}`;
      const isLate = before === "EACCES" && text === true;
      const isDirectory = isLate && fs.statSync(name).isDirectory();
      // Nothing opens a directory for writing; the kernel looks at that first.
      if (isLate && !(operation === "write" && isDirectory)) expect(now, about).toBe("0");
      else expect(now, about).toBe(before);
      said[isLate ? "late" : before === "0" ? "both" : "refused"]++;
    }
  }
  await Promise.all(started.map((one) => one.end()));
  return said;
}

test("opens what the text grants or the kernel would have, and nothing else", async () => {
  const scene = new LateScene();
  const total = { both: 0, late: 0, refused: 0 };
  await fc.assert(
    fc.asyncProperty(
      policy,
      fc.array(change, { minLength: 12, maxLength: 20 }),
      async (grants, events) => {
        const said = await compare(scene, grants, events);
        for (const kind of ["both", "late", "refused"] as const) total[kind] += said[kind];
      },
    ),
    { numRuns: POLICIES, seed: SEED, endOnFailure: true },
  );
  scene.close();
  for (const [kind, count] of Object.entries(total)) expect(count, kind).toBeGreaterThan(10);
});
