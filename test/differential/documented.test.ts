import * as fs from "node:fs";
import * as path from "node:path";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { decide } from "../../src/model/decide.ts";
import type { NameRequest } from "../../src/model/request.ts";
import { type Conversation, Domain } from "../properties/domain.ts";
import { type Model, modelOf } from "./world.ts";

const page = fs.readFileSync(
  path.join(import.meta.dirname, "../../docs/sealed-differences.md"),
  "utf8",
);

/** One documented difference between a policy's text and what a domain sealed at its start has. */
interface Difference {
  /** As the page names it. */
  readonly name: string;
  readonly grants: readonly string[];
  /** What is there at the start. */
  readonly before?: (at: string) => void;
  /** What happens outside while the domain runs. */
  readonly meanwhile?: (at: string) => void;
  readonly asks: readonly Answer[];
}

/**
 * One access: what the policy's text says, what `decide()` says of the sealed domain, and what the
 * kernel does.
 */
interface Answer {
  readonly operation: "read" | "write" | "create";
  readonly file: string;
  readonly text: "granted" | "denied";
  readonly sealed: "granted" | "denied";
  readonly kernel: "granted" | "denied";
}

const [granted, denied] = ["granted", "denied"] as const;
const write = (file: string) => (at: string) => fs.writeFileSync(path.join(at, file), "x");
const ask = (
  operation: Answer["operation"],
  file: string,
  ...[text, sealed, kernel]: readonly ("granted" | "denied")[]
): Answer => ({
  ...{ operation, file },
  ...{ text: text ?? denied, sealed: sealed ?? denied, kernel: kernel ?? sealed ?? denied },
});

const differences: readonly Difference[] = [
  {
    name: "late file under a glob",
    grants: ["r @/*.conf"],
    before: write("early.conf"),
    meanwhile: write("late.conf"),
    asks: [ask("read", "early.conf", granted, granted), ask("read", "late.conf", granted, denied)],
  },
  {
    name: "file replaced by rename",
    grants: ["rw @/file"],
    before: write("file"),
    meanwhile: (at) => {
      write("fresh")(at);
      fs.renameSync(`${at}/fresh`, `${at}/file`);
    },
    asks: [ask("read", "file", granted, denied), ask("write", "file", granted, denied)],
  },
  {
    name: "hard link to a granted file",
    grants: ["r @/file"],
    before: write("file"),
    meanwhile: (at) => fs.linkSync(`${at}/file`, `${at}/link`),
    asks: [
      ask("read", "file", granted, granted),
      ask("write", "link"),
      ask("read", "link", denied, denied, granted),
    ],
  },
  {
    name: "granted file under a new name",
    grants: ["r @/file"],
    before: write("file"),
    meanwhile: (at) => fs.renameSync(`${at}/file`, `${at}/moved`),
    asks: [ask("read", "moved", denied, denied, granted)],
  },
  {
    name: "directory made later",
    grants: ["rwcd @/later/**", "r @/*/index"],
    meanwhile: (at) => {
      for (const folder of ["later", "other"]) fs.mkdirSync(`${at}/${folder}`);
      write("later/index")(at);
      write("other/index")(at);
    },
    asks: [
      ask("read", "later/index", granted, denied),
      ask("read", "other/index", granted, denied),
    ],
  },
  {
    name: "directory replaced by rename",
    grants: ["rwcd @/tree/**"],
    before: (at) => {
      fs.mkdirSync(`${at}/tree`);
      write("tree/file")(at);
    },
    meanwhile: (at) => {
      fs.renameSync(`${at}/tree`, `${at}/old`);
      fs.mkdirSync(`${at}/tree`);
      write("tree/file")(at);
    },
    // decide() takes a directory's placement to stand still: it has no inode of it to compare.
    asks: [
      ask("read", "tree/file", granted, granted, denied),
      ask("read", "old/file", denied, denied, granted),
    ],
  },
  {
    name: "denial below a tree",
    grants: ["r @/tree/**", "deny @/tree/private/**"],
    before: (at) => {
      for (const folder of ["tree", "tree/open", "tree/private"]) fs.mkdirSync(`${at}/${folder}`);
      for (const file of ["tree/file", "tree/open/file", "tree/private/file"]) write(file)(at);
    },
    meanwhile: write("tree/late"),
    asks: [
      ask("read", "tree/file", granted, granted),
      ask("read", "tree/open/file", granted, granted),
      ask("read", "tree/private/file", denied, denied),
      ask("read", "tree", granted, denied),
      ask("read", "tree/late", granted, denied),
    ],
  },
];

describe.each(differences)("$name", ({ name, grants, before, meanwhile, asks }) => {
  let scene: Domain;
  let inside: Conversation;
  let model: Model;
  /** The same policy with `late-names: brokered`. */
  let brokered: { readonly inside: Conversation; readonly model: Model };
  let at: string;
  beforeAll(async () => {
    scene = new Domain();
    at = `${scene.home}/granted/tree`;
    fs.mkdirSync(at);
    before?.(at);
    const files = grants.map((line) => line.replaceAll("@", at));
    const start = async (rest: string) => {
      scene.writePolicy({ files, base: [], rest });
      const run = { inside: scene.start(), model: modelOf(scene.policy) };
      await run.inside.ask("read /dev/null");
      return run;
    };
    ({ inside, model } = await start(""));
    brokered = await start("late-names: brokered\n");
    meanwhile?.(at);
  });
  afterAll(async () => {
    await inside.end();
    await brokered.inside.end();
    scene.close();
  });

  test("is documented", () => {
    expect(page).toContain(`| ${name} |`);
  });

  test.each(asks)(
    "$operation $file: the text says $text, decide() $sealed, the kernel $kernel",
    async ({ operation, file, ...said }) => {
      const name = `${at}/${file}`;
      const { dev, ino } = fs.statSync(name, { bigint: true });
      const request: NameRequest = { class: "name", operation, path: name, inode: `${dev}:${ino}` };
      const tried = async (run: Conversation) => {
        const word = await run.ask(`${operation === "create" ? "make" : operation} ${name}`);
        return word === "0" ? granted : word === "EACCES" ? denied : word;
      };
      expect({
        text: decide(model.policy, request).outcome,
        sealed: decide(model.policy, request, model.view).outcome,
        kernel: await tried(inside),
      }).toEqual(said);
      // The mediator adds what the text grants, and takes nothing away.
      const isGranted = said.text === granted || said.kernel === granted;
      expect({
        sealed: decide(model.policy, request, brokered.model.view).outcome,
        kernel: await tried(brokered.inside),
      }).toEqual({ sealed: said.text, kernel: isGranted ? granted : denied });
    },
  );
});

test("/proc: a grant to read one name there grants all, and `plan` says so", () => {
  const scene = new Domain();
  onTestFinished(() => scene.close());
  scene.writePolicy({ files: ["r /proc/self/status"] });
  const { policy, view } = modelOf(scene.policy);
  const request: NameRequest = { class: "name", operation: "read", path: "/proc/loadavg" };
  expect(decide(policy, request, view).outcome).toBe(denied);
  expect(view.widened).toEqual([expect.objectContaining({ path: "/proc", why: "procfs" })]);
  expect(scene.tries(["read /proc/loadavg", "read /proc/1/environ"])).toEqual(["0", "EACCES"]);
  expect(scene.cofferdam(["plan", "--policy", scene.policy]).out).toMatch(/\/proc/);
  expect(page).toContain("| grant below /proc |");
});

test("openat2 goes by the name and the policy's text, whatever is there since the start", () => {
  const scene = new Domain();
  onTestFinished(() => scene.close());
  const at = `${scene.home}/granted/tree`;
  fs.mkdirSync(at);
  fs.writeFileSync(`${at}/early.conf`, "x");
  scene.writePolicy({ files: [`r ${at}/*.conf`, `rwcd ${at}/late.conf`], base: [] });
  fs.linkSync(`${at}/early.conf`, `${at}/link`);
  const said = scene.tries([
    `make ${at}/late.conf`,
    ...["early.conf", "late.conf", "link"].map((name) => `read2 ${at}/${name}`),
    `read ${at}/link`,
  ]);
  expect(said).toEqual(["0", "0", "0", "EACCES", "0"]);
  expect(page).toContain("| any name, by openat2 |");
});

test("a sealed domain maps as code what it may read, whatever `m` says", () => {
  const scene = new Domain();
  onTestFinished(() => scene.close());
  const at = scene.at("home/granted");
  const files = [`r ${at}/file`, `deny m ${at}/file`];
  scene.write("home/secret/code", "x");
  scene.writePolicy({ files, base: [] });
  const { policy, view } = modelOf(scene.policy);
  const said = (path: string) => {
    const { dev, ino } = fs.statSync(path, { bigint: true });
    const request = { class: "name", operation: "map", path, inode: `${dev}:${ino}` } as const;
    return [decide(policy, request).outcome, decide(policy, request, view).outcome];
  };
  expect(said(`${at}/file`)).toEqual([denied, granted]);
  expect(said(scene.at("home/secret/code"))).toEqual([denied, denied]);
  const lines = [`map ${at}/file`, `map ${scene.at("home/secret/code")}`];
  expect(scene.tries(lines)).toEqual(["0", "EACCES"]);
  scene.writePolicy({ files, base: [], rest: "mediation: supervised\n" });
  expect(scene.tries(lines)).toEqual(["EACCES", "EACCES"]);
  expect(page).toContain("| file mapped as code |");
});

test("a replaced file: `check` warns, `plan --drift` shows it, a restart helps", () => {
  const scene = new Domain();
  onTestFinished(() => scene.close());
  const file = `${scene.home}/granted/tree`;
  fs.writeFileSync(file, "old");
  scene.writePolicy({ files: [`r ${file}`], base: [] });
  expect(scene.cofferdam(["check", scene.policy]).out).toContain("CFD2012");
  expect(scene.tries([`read ${file}`])).toEqual(["0"]);
  const drift = () => scene.cofferdam(["plan", "--drift", "--policy", scene.policy]);
  expect(drift().out).not.toContain(file);
  fs.writeFileSync(`${file}.new`, "new");
  fs.renameSync(`${file}.new`, file);
  expect(drift().out).toContain(
    `${file} was replaced: daemons that started earlier cannot use the new file until a restart`,
  );
  expect(drift().status).toBe(1);
  // The launcher opens what has the name now: a restart needs no new plan, and the old plan keeps
  // what it was made from.
  expect(scene.tries([`read ${file}`])).toEqual(["0"]);
});
