import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { basename, join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { PRIVATE_FILE, PUBLIC_FILE } from "../../src/base/modes.ts";
import { commands } from "../../src/cli/commands.ts";
import { READY_PLANS_MAX } from "../../src/host/prune-plans.ts";
import { decodePlan } from "../../src/plan/decode.ts";
import { POLICY_BYTES_MAX } from "../../src/policy/limits.ts";
import { Caller } from "./command-line.ts";

let caller = new Caller();

beforeEach(() => {
  caller = new Caller();
});

afterEach(() => {
  caller.remove();
});

/** A policy in the caller's folder that grants reading one file and a directory there. */
function writePolicy(extra = ""): string {
  mkdirSync(join(caller.folder, "data"));
  writeFileSync(join(caller.folder, "one"), "");
  const file = join(caller.folder, "tool.yaml");
  writeFileSync(
    file,
    `files: [r ${caller.folder}/one, r ${caller.folder}/data/**]\ninherit: [stdio]\n${extra}`,
  );
  return file;
}

function policyOf(text: string): string {
  const file = join(caller.folder, "tool.yaml");
  writeFileSync(file, text, { mode: PUBLIC_FILE });
  return file;
}

describe("help", () => {
  test.each(commands.map(({ name }) => name))(
    "%s has a summary, examples, and fits 80 columns",
    async (name) => {
      const { status, out } = await caller.run([name, "--help"]);
      expect(status).toBe(0);
      expect(out).toContain("Examples:");
      const prose = out.slice(0, out.indexOf("Examples:")).split("\n");
      expect(prose.filter((line) => line.length > 80)).toEqual([]);
    },
  );

  test("an unknown command asks whether another one was meant", async () => {
    const { status, err } = await caller.run(["chekc"]);
    expect(status).toBe(2);
    expect(err).toMatch(/unknown command 'chekc'[\s\S]*check/);
  });
});

describe("check", () => {
  test("a policy without errors gives 0, one with errors gives 1 and says where", async () => {
    expect((await caller.run(["check", writePolicy()])).status).toBe(0);
    const broken = join(caller.folder, "broken.yaml");
    writeFileSync(broken, "fiels: [r /etc/hosts]\n");
    const { status, out } = await caller.run(["check", broken]);
    expect(status).toBe(1);
    expect(out).toContain(`${broken}:1:1`);
    expect(out).toContain("did you mean `files`?");
  });

  test("what is wrong in the text and what is wrong on this host come in one round", async () => {
    const broken = join(caller.folder, "broken.yaml");
    writeFileSync(broken, "fiels: [r /etc/hosts]\nfiles: [r /etc/hosst]\nsyscalls: [opne]\n");
    const { status, out } = await caller.run(["check", broken]);
    expect(status).toBe(1);
    expect(out).toContain("did you mean `files`?");
    expect(out).toContain("did you mean `open`?");
    expect(out).toMatch(/`\/etc\/hosst` does not exist[\s\S]*did you mean `\/etc\/hosts`\?/);
  });

  test("--json gives one record a line, and nothing else", async () => {
    const broken = join(caller.folder, "broken.yaml");
    writeFileSync(broken, "fiels: [r /etc/hosts]\n");
    const { out } = await caller.run(["check", "--json", broken]);
    const records = out
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(records[0]).toMatchObject({
      code: "CFD1111",
      severity: "error",
      file: broken,
      line: 1,
      column: 1,
    });
  });

  test("a word that is no file is a domain's name", async () => {
    expect((await caller.run(["check", "nginx"])).status).toBe(0);
    const { status, out } = await caller.run(["check", "ngnix"]);
    expect(status).toBe(1);
    expect(out).toContain("did you mean `nginx`?");
  });

  test("a template is checked as one of its instances, by its file or an instance", async () => {
    const folder = join(caller.folder, ".config/cofferdam/domains");
    mkdirSync(folder, { recursive: true });
    const file = join(folder, "worker@.yaml");
    const policy =
      "parameters: { data: where the data is }\nfiles: ['rw /srv/${data}/${instance}']\n";
    writeFileSync(file, policy, { mode: PUBLIC_FILE });
    for (const words of [["--set", "instance=3", file], ["worker@3"]]) {
      expect((await caller.run(["check", "--set", "data=a", "--print", ...words])).out).toContain(
        "/srv/a/3",
      );
    }
    const { status, out } = await caller.run(["check", file]);
    expect(status).toBe(1);
    expect(out).toMatch(/CFD1315.*[\s\S]*--set\s+instance=1/);
  });

  test("--print gives a policy that needs no other file, and means the same", async () => {
    const file = writePolicy("include: [base]\nsyscalls: ['@basic-io']\n");
    const { out, err } = await caller.run(["check", "--print", file]);
    expect(err).not.toContain("error");
    const plain = join(caller.folder, "plain");
    mkdirSync(plain);
    writeFileSync(join(plain, "tool.yaml"), out, { mode: PUBLIC_FILE });
    expect(out).not.toContain("include");
    expect((await caller.run(["check", "--print", join(plain, "tool.yaml")])).out).toBe(out);
  });
});

describe("explain", () => {
  test("granted: by which rule", async () => {
    const { status, out } = await caller.run([
      "explain",
      "--policy",
      writePolicy(),
      "read",
      join(caller.folder, "one"),
    ]);
    expect(status).toBe(0);
    expect(out).toContain("granted");
    expect(out).toContain(`tool.yaml:1: r ${caller.folder}/one`);
  });

  test("denied: with the line that would allow it", async () => {
    const { status, out } = await caller.run([
      "explain",
      "--policy",
      writePolicy(),
      "write",
      "/etc/hosts",
    ]);
    expect(status).toBe(1);
    expect(out).toContain("denied: no grant names it");
    expect(out).toContain("allow files: - w /etc/hosts");
  });

  test("denied for good, or because it does not exist yet: what helps, not a line", async () => {
    const file = writePolicy();
    const never = await caller.run(["explain", "--policy", file, "syscall", "mount"]);
    expect(never.out).toContain("allow no line of a policy can grant it: a changed mount tree");
    rmSync(join(caller.folder, "one"));
    const late = await caller.run([
      "explain",
      "--policy",
      file,
      "read",
      join(caller.folder, "one"),
    ]);
    expect(late.out).toContain("a sealed domain that starts now answers: denied");
    expect(late.out).toContain("allow start the domain again when it exists");
  });

  test("a call that a group lists and no domain is given is denied, with the reason", async () => {
    const calls = ["setns", "open_by_handle_at", "name_to_handle_at"];
    for (const call of calls) {
      const { status, out } = await caller.run(["explain", "nginx", "syscall", call]);
      expect(status, call).toBe(1);
      expect(out.replaceAll(/\s+/g, " ")).toContain("allow no line of a policy can grant it: ");
    }
  });

  test("denied by a rule: nothing is proposed that deny would beat", async () => {
    const file = writePolicy(`capabilities: [net_raw, deny net_raw]\n`);
    const { status, out } = await caller.run([
      "explain",
      "--policy",
      file,
      "capability",
      "net_raw",
    ]);
    expect(status).toBe(1);
    expect(out).toContain("only without that rule: deny beats allow");
    expect(out).not.toContain("allow capabilities");
  });

  test("what was looked at, the part that is denied, and the nearest rule", async () => {
    symlinkSync(join(caller.folder, "folder"), join(caller.folder, "link"));
    mkdirSync(join(caller.folder, "folder"));
    const real = realpathSync(join(caller.folder, "folder"));
    const file = policyOf(`files: [d ${real}/a, r ${real}/b]\n`);
    const ask = async (...words: string[]) =>
      (await caller.run(["explain", "--policy", file, ...words])).out;
    const write = await ask("write", join(caller.folder, "link/b"));
    expect(write).toContain(`  real  ${real}/b, after links\n`);
    expect(write).toContain(`:1: r ${real}/b\n        it names it, but without \`w\`\n`);
    expect(await ask("rename", `${real}/a`, `${real}/b`)).toContain(`  part  create ${real}/b\n`);
  });

  test("a line that will help only once the name exists is said to be so", async () => {
    const absent = join(realpathSync(caller.folder), "absent");
    const { out } = await caller.run(["explain", "--policy", writePolicy(), "read", absent]);
    expect(out).toContain(`  allow files: - r ${absent}\n  then  once it exists`);
  });

  test("the line is one that the file can hold", async () => {
    const full = `# ${"x".repeat(POLICY_BYTES_MAX - 40)}\nsummary: full\n`;
    const { out } = await caller.run(["explain", "--policy", policyOf(full), "read", "/etc/hosts"]);
    expect(out).toContain("allow the policy has no room for the line that would allow it\n");
  });

  test("what ordinary permissions refuse as well is told apart", async () => {
    const file = policyOf("user: nobody\nmediation: supervised\nfiles: [r /**]\n");
    const closed = join(caller.folder, "closed");
    writeFileSync(closed, "", { mode: PRIVATE_FILE });
    const { status, out } = await caller.run(["explain", "--policy", file, "read", closed]);
    expect(status).toBe(0);
    expect(out.replaceAll(/\s+/g, " ")).toMatch(
      /also ordinary permissions refuse it: \S+ has mode \d+, .*: nobody may not /,
    );
  });

  test("Cofferdam's own places are denied, whatever is granted", async () => {
    const { status, out } = await caller.run(["explain", "nginx", "read", caller.places.plans]);
    expect(status).toBe(1);
    expect(out).toContain("it belongs to Cofferdam");
  });

  test("of a supervised domain the files of its rules are not looked at", async () => {
    const deep = join(caller.folder, "deep");
    // Deeper than what a sealed domain's start looks at.
    mkdirSync(join(deep, "d/".repeat(260)), { recursive: true });
    const rules = `files: ["r ${deep}/**", "deny r ${deep}/**/x"]\n`;
    const file = (mediation: string) => {
      const path = join(caller.folder, "deep.yaml");
      writeFileSync(path, `mediation: ${mediation}\n${rules}`, { mode: PUBLIC_FILE });
      return path;
    };
    const ask = (mediation: string) =>
      caller.run(["explain", "--policy", file(mediation), "read", `${deep}/d/y`]);
    expect((await ask("sealed")).err).toContain("too many names");
    const { status, out } = await ask("supervised");
    expect(status).toBe(0);
    expect(out).toContain(`read ${deep}/d/y: granted`);
  });

  test("a domain that does not exist: did you mean", async () => {
    const { status, err } = await caller.run(["explain", "ngimx", "read", "/etc/hosts"]);
    expect(status).toBe(3);
    expect(err).toContain("did you mean `nginx`?");
  });
});

describe("compile and plan --drift", () => {
  test("the plan is written where it is asked for, and names the domain", async () => {
    const out = join(caller.folder, "plans", "tool.plan");
    const { status, err } = await caller.run(["compile", "--out", out, "--policy", writePolicy()]);
    expect(err).toBe("");
    expect(status).toBe(0);
    expect(decodePlan(readFileSync(out)).domain).toBe("tool");
  });

  test("of a domain's ready plans the ones that were not used longest are removed", async () => {
    const file = writePolicy();
    const plan = (number: number) =>
      join(caller.places.plans, `tool-000000000000000${number.toString(16)}.plan`);
    expect((await caller.run(["compile", "--out", plan(0), "--policy", file])).status).toBe(0);
    for (let number = 1; number <= READY_PLANS_MAX; number++) {
      copyFileSync(plan(0), plan(number));
      utimesSync(plan(number), 1000 + number, 1000 + number);
    }
    const strangers = [
      "tool@a-0000000000000000.plan",
      "tool-x-0000000000000000.plan",
      "tool-0.plan",
    ];
    for (const name of strangers) writeFileSync(join(caller.places.plans, name), "");
    utimesSync(plan(1), 5000, 1001);
    expect((await caller.run(["compile", "--out", plan(0), "--policy", file])).status).toBe(0);
    const left = [0, 1, 3, 4, 5, 6, 7, 8].map((number) => basename(plan(number)));
    expect(readdirSync(caller.places.plans).sort()).toEqual([...left, ...strangers].sort());
  });

  test("a place for plans that cannot be written is no fault of the program", async () => {
    writeFileSync(join(caller.folder, "file"), "");
    const out = join(caller.folder, "file", "tool.plan");
    const { status, err } = await caller.run(["compile", "--out", out, "--policy", writePolicy()]);
    expect(status).toBe(3);
    expect(err).toMatch(/cannot be written: EEXIST\n {2}help: make (?:room, or make )?it writable/);
  });

  test("a policy with errors leaves no plan", async () => {
    const out = join(caller.folder, "plans", "tool.plan");
    const { status, err } = await caller.run([
      "compile",
      "--out",
      out,
      "--policy",
      writePolicy("nonsense: 1\n"),
    ]);
    expect(status).toBe(3);
    expect(err).toContain("CFD1111");
    expect(existsSync(out)).toBe(false);
  });

  test("a replaced file drifts, an untouched host does not", async () => {
    const file = writePolicy();
    const ready = join(caller.places.plans, "tool-0123456789abcdef.plan");
    await caller.run(["compile", "--out", ready, "--policy", file]);
    const before = await caller.run(["plan", "--drift", "--policy", file]);
    expect([before.status, before.out]).toEqual([0, `${ready}\n  nothing drifted\n`]);
    writeFileSync(join(caller.folder, "new"), "");
    renameSync(join(caller.folder, "new"), join(caller.folder, "one"));
    const after = await caller.run(["plan", "--drift", "--policy", file]);
    expect(after.status).toBe(1);
    expect(after.out).toContain(`${caller.folder}/one was replaced`);
  });

  test("without a ready plan drift cannot be told", async () => {
    const { status, err } = await caller.run(["plan", "--drift", "nginx"]);
    expect(status).toBe(3);
    expect(err).toContain("it appears with the first start");
  });
});

describe("plan", () => {
  test("shows the layers and the kernel's rules, and leaves nothing behind", async () => {
    const { status, out } = await caller.run(["plan", "--policy", writePolicy()]);
    expect(status).toBe(0);
    expect(out).toMatch(/layers\n {2}files: enforced/);
    expect(out).toContain(`${caller.folder}/data/`);
    expect(existsSync(caller.places.plans)).toBe(false);
  });

  test("with --level warning says what is notified, its price and what is not live", async () => {
    const { status, out } = await caller.run([
      "plan",
      "--level",
      "warning",
      "--policy",
      writePolicy(),
    ]);
    expect(status).toBe(0);
    expect(out).toContain("level warning, supervised, attended");
    expect(out.replaceAll(/\s+/g, " ")).toMatch(
      /stay allowed until a restart.*Never judged.*decided by the mediator about \d+ us more/,
    );
  });
});

test("schema prints the JSON Schema of the language", async () => {
  const { out } = await caller.run(["schema"]);
  expect(JSON.parse(out).properties.files.type).toBe("array");
});

test("--set without a value, or twice, is refused", async () => {
  expect((await caller.run(["plan", "--set", "port", "nginx"])).err).toContain("--set NAME=VALUE");
  expect((await caller.run(["plan", "--set", "pid=/a", "--set", "pid=/b", "nginx"])).err).toContain(
    "set twice",
  );
});

describe("--json holds for complaints too", () => {
  test.each([["plan"], ["plan", "--drift"], ["explain"]])("%s %s", async (...words) => {
    const broken = join(caller.folder, "broken.yaml");
    writeFileSync(broken, "fiels: [r /etc/hosts]\n", { mode: PUBLIC_FILE });
    const question = words[0] === "explain" ? ["read", "/etc/hosts"] : [];
    const { status, out, err } = await caller.run([
      ...words,
      "--json",
      "--policy",
      broken,
      ...question,
    ]);
    expect({ status, out }).toEqual({ status: 3, out: "" });
    expect(JSON.parse(err.split("\n")[0] ?? "")).toMatchObject({
      code: "CFD1111",
      file: broken,
      line: 1,
    });
  });
});

describe("texts fit 80 columns", () => {
  test.each([
    ["plan", "nginx"],
    ["explain", "nginx", "raed", "/x"],
    ["explain", "nginx"],
    ["explain", "ngimx", "read", "/x"],
    ["plan", "ngimx"],
    ["doctor"],
  ])("%s %s", async (...args) => {
    const { out, err } = await caller.run(args);
    expect(out + err).not.toBe("");
    // Names are never broken: a line of one word may be longer.
    const long = `${out}${err}`
      .split("\n")
      .filter((line) => line.length > 80 && line.trim().includes(" "));
    expect(long).toEqual([]);
  });
});
