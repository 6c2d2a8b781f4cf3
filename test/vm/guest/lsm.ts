/** Tests of the bpf-lsm engine for the virtual machine, whose stock kernel loads its programs. */
import * as fs from "node:fs";
import * as path from "node:path";
import { beforeAll, expect, test } from "vitest";
import { PUBLIC_PROGRAM } from "../../../src/base/modes.ts";
import { nameTable } from "../../../src/compile/lsm/name-table.ts";
import { levels } from "../../../src/model/level.ts";
import { Permission } from "../../../src/model/permission.ts";
import { CROWD, Lsm, rules, TRY, Trying } from "./lsm-arena.ts";

const HERE = "/tmp/lsm";
let lsm: Lsm;
let last = 50;

beforeAll(() => {
  lsm = new Lsm();
});

/** A new folder, and the number of a domain of its own. */
function scene(...files: readonly string[]): { folder: string; domain: number } {
  Trying.endAll();
  const domain = ++last;
  const folder = `${HERE}/${domain}`;
  for (const name of files) {
    fs.mkdirSync(path.dirname(`${folder}/${name}`), { recursive: true });
    fs.writeFileSync(`${folder}/${name}`, "#!/nowhere\n", { mode: PUBLIC_PROGRAM });
  }
  return { folder, domain };
}

function inside(domain: number, program = TRY, args: readonly string[] = []): Trying {
  const trying = new Trying(program, args);
  expect(lsm.engine.adopt(domain, () => [trying.pid]).length).toBeGreaterThan(0);
  return trying;
}

test("a process in a domain is held by its policy, one in none by nothing", async () => {
  const { folder, domain } = scene("given/f", "other/f");
  lsm.domain(domain, "enforcing", rules(`rw ${folder}/given/**`));
  const asked = ["read given/f", "write given/f", "read other/f", "make given/new"].map((line) =>
    line.replace(" ", ` ${folder}/`),
  );
  const trying = new Trying();
  expect(await trying.all(asked)).toEqual(["0", "0", "0", "0"]);
  fs.unlinkSync(`${folder}/given/new`);
  expect(lsm.engine.domainOf(trying.pid)).toBe(0);
  lsm.engine.adopt(domain, () => [trying.pid]);
  expect(lsm.engine.domainOf(trying.pid)).toBe(domain);
  expect(await trying.all(asked)).toEqual(["0", "0", "EACCES", "EACCES"]);
  const known = { domain, process: trying.pid, kind: "name", level: "enforcing", denied: true };
  expect(lsm.events(domain)).toMatchObject([
    { ...known, name: `${folder}/other/f`, permissions: Permission.read, comm: "try", uid: 0 },
    { ...known, name: `${folder}/given/new`, permissions: Permission.create },
  ]);
  await trying.end();
});

test("a level is in force with the next request, in every direction", async () => {
  const { folder, domain } = scene("f");
  lsm.domain(domain, "enforcing", []);
  const trying = inside(domain);
  for (const from of levels)
    for (const to of levels) {
      lsm.engine.setLevel(domain, from);
      await trying.does(`read ${folder}/f`);
      lsm.events(domain);
      lsm.engine.setLevel(domain, to);
      // A name of its own, because each is told once.
      const name = `${folder}/${from}-${to}`;
      fs.writeFileSync(name, "");
      expect(await trying.does(`read ${name}`), `${from} to ${to}`).toBe(
        to === "enforcing" ? "EACCES" : "0",
      );
      const told = lsm.events(domain).filter((event) => event.name === name);
      expect(told).toMatchObject(
        to === "disabled" ? [] : [{ level: to, denied: to === "enforcing", name }],
      );
    }
  await trying.end();
});

test("a domain without a policy or a level is denied everything", async () => {
  const { folder, domain } = scene("f");
  const trying = inside(domain);
  expect(await trying.does(`read ${folder}/f`)).toBe("EACCES");
  lsm.domain(domain, "enforcing", rules(`r ${folder}/f`));
  expect(await trying.does(`read ${folder}/f`)).toBe("0");
  lsm.engine.removeDomain(domain);
  expect(await trying.does(`read ${folder}/f`)).toBe("EACCES");
  await trying.end();
});

test("children and threads stay in the domain, however they are made", async () => {
  const { folder, domain } = scene("f");
  lsm.domain(domain, "enforcing", rules(`rx ${TRY}`));
  const trying = inside(domain);
  for (const how of ["fork", "vfork", "thread", "double-fork", "setsid", "exec", "daemon"])
    expect(await trying.does(`${how} try read ${folder}/f`), how).toBe("EACCES");
  await trying.end();
});

test("a crowd of threads and forking processes is adopted whole", async () => {
  const { folder, domain } = scene("f");
  lsm.domain(domain, "enforcing", []);
  const crowd = new Trying(CROWD, [`${folder}/f`]);
  expect(await crowd.does("")).toMatch(/^[1-9]\d* 0$/);
  lsm.engine.adopt(domain, () => crowd.family());
  expect(await crowd.does("")).toMatch(/^0 [1-9]\d*$/);
  expect(lsm.engine.account(domain).denied).toBeGreaterThan(0n);
  await crowd.end();
});

test("a policy is replaced whole: no request meets half of one", async () => {
  const { folder, domain } = scene("f");
  const many = Array.from({ length: 300 }, (_, at) => `rw ${folder}/other${at}/*.log`);
  const tables = [rules(`r ${folder}/f`), rules(...many, `r ${folder}/**`)].map((names) =>
    nameTable(names, 0),
  );
  lsm.domain(domain, "enforcing", rules(`r ${folder}/f`));
  const crowd = inside(domain, CROWD, [`${folder}/f`]);
  lsm.engine.adopt(domain, () => crowd.family());
  for (let turn = 0; turn < 60; turn++)
    lsm.engine.setPolicy(domain, tables[turn % 2] as Uint8Array);
  expect(await crowd.does("")).toMatch(/^[1-9]\d* 0$/);
  expect(lsm.engine.account(domain).denied).toBe(0n);
  await crowd.end();
});
