/** IPC, other services of the kernel, attributes and devices: `decide()` against the engine. */
import * as fs from "node:fs";
import { release } from "node:os";
import { beforeAll, expect, test } from "vitest";
import { hasHook } from "../../../src/kernel/bpf/lsm/hooks.ts";
import type { IpcKind } from "../../../src/kinds/ipc/model.ts";
import { decide } from "../../../src/model/decide.ts";
import { ACT, Lsm, policyOf, rules, Trying, word } from "./lsm-arena.ts";

const DOMAIN = 33;
let lsm: Lsm;

beforeAll(() => {
  lsm = new Lsm();
});

function inside(): Trying {
  const act = new Trying(ACT);
  lsm.engine.labels.adopt(DOMAIN, () => [act.pid]);
  return act;
}

test("IPC is granted by kind as `decide()` says", async () => {
  const kinds: readonly IpcKind[] = ["shm", "sem", "msg", "mqueue"];
  const act = inside();
  for (const granted of [[], ...kinds.map((kind) => [kind])]) {
    const policy = { ...policyOf(["r /**"], []), ipc: granted.map((kind) => word(kind)) };
    lsm.domain(DOMAIN, "enforcing", policy.names, policy);
    for (const kind of kinds) {
      const { outcome } = decide(policy, { class: "ipc", kind });
      const answer = await act.does(`service ${kind}`);
      expect(answer === "0", `${granted.join()}: ${kind}: ${answer}`).toBe(outcome === "granted");
    }
  }
  await act.end();
});

test("keys, perf, io_uring and userfaultfd are granted by their system calls", async () => {
  const calls = {
    keys: "add_key",
    perf: "perf_event_open",
    io_uring: "io_uring_setup",
    userfaultfd: "userfaultfd",
  };
  const capabilities = ["perfmon", "sys_ptrace", "sys_admin"].map((name) => word(name));
  const act = inside();
  for (const granted of ["", ...Object.values(calls)]) {
    const syscalls = granted === "" ? [] : [word(granted)];
    lsm.domain(DOMAIN, "enforcing", rules("r /**"), { capabilities, syscalls });
    for (const [service, call] of Object.entries(calls)) {
      const answer = await act.does(`service ${service}`);
      expect(answer, `${granted}: ${service}`).toBe(granted === call ? "0" : "EACCES");
    }
  }
  expect(await act.does("service user_namespace")).toBe("EACCES");
  lsm.engine.setLevel(DOMAIN, "warning");
  expect(await act.does("service user_namespace")).toBe("0");
  await act.end();
});

test("times, extended attributes and inode flags are attributes of the name", async () => {
  const folder = "/tmp/lsm-attributes";
  for (const name of ["given", "other"]) {
    fs.mkdirSync(`${folder}/${name}`, { recursive: true });
    fs.writeFileSync(`${folder}/${name}/f`, "");
  }
  lsm.domain(DOMAIN, "enforcing", rules("r /**", `a ${folder}/given/**`), {
    capabilities: ["sys_admin", "linux_immutable", "fowner"].map((name) => word(name)),
  });
  const act = inside();
  // file_setattr(2) is new.
  const isNew = hasHook("inode_file_setattr", release());
  for (const what of ["times", "xattr", "no-xattr", "acl", "flags", ...(isNew ? ["attr"] : [])]) {
    expect(await act.does(`attribute ${what} ${folder}/other/f`), what).toBe("EACCES");
    expect(await act.does(`attribute ${what} ${folder}/given/f`), what).toBe("0");
  }
  expect(lsm.events(DOMAIN)).toContainEqual(
    expect.objectContaining({ kind: "name", name: `${folder}/other/f` }),
  );
  await act.end();
});

test("a device takes requests by rule `i`, and no input for a terminal", async () => {
  const act = inside();
  for (const [letters, answer] of [
    ["rw", "EACCES"],
    ["rwi", "0"],
  ]) {
    lsm.domain(DOMAIN, "enforcing", rules(`${letters} /dev/ptmx`), {
      capabilities: [word("sys_admin")],
    });
    expect(await act.does("device settings /dev/ptmx"), letters).toBe(answer);
    expect(await act.does("device input /dev/ptmx"), letters).toBe("EACCES");
  }
  await act.end();
});
