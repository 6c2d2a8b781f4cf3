import { expect, test } from "vitest";
import { groups } from "../../src/kernel/syscall-groups.ts";
import { all, name, number } from "../../src/kernel/syscalls.ts";
import { systemCalls } from "../../src/kernel/system-calls/table.ts";
import { whyNever } from "../../src/kinds/syscalls/model.ts";

test("names and numbers lead to each other", () => {
  expect(number("openat2")).toBe(437);
  expect(name(437)).toBe("openat2");
  expect(number("file_setattr")).toBe(469);
  for (const call of all()) expect(name(number(call) ?? -1)).toBe(call);
});

test("what is no system call has no number, and an x32 number no name", () => {
  expect(number("opena2")).toBeNull();
  expect(number("constructor")).toBeNull();
  expect(name(0x40000000)).toBeNull();
});

test("groups are fully expanded: no group and no unknown name is left in one", () => {
  for (const [group, members] of Object.entries(groups())) {
    expect(members.length, group).toBeGreaterThan(0);
    expect(
      members.filter((member) => number(member) === null),
      group,
    ).toEqual([]);
    expect(new Set(members).size, group).toBe(members.length);
  }
});

test("nested groups bring their members: @system-service has those of @default and others", () => {
  const {
    "@system-service": service = [],
    "@default": basic = [],
    "@file-system": files = [],
  } = groups();
  expect(service).toEqual(expect.arrayContaining([...basic, ...files, "connect"]));
});

test("calls that are newer than systemd's list are beside their older relatives", () => {
  const { "@file-system": files, "@default": basic, "@mount": mount } = groups();
  expect(files).toEqual(
    expect.arrayContaining(["setxattrat", "removexattrat", "file_setattr", "fchmodat2"]),
  );
  expect(basic).toEqual(expect.arrayContaining(["futex_wake", "uprobe", "uretprobe"]));
  expect(mount).toContain("open_tree_attr");
});

test("@never is what every row refuses in every use, and no mode can hold", () => {
  const escapes = systemCalls.filter(({ class: kind }) => kind === "namespace-or-escape");
  // Only the form of seccomp() that makes a listener is one.
  const never = new Set([...escapes.map(({ name }) => name), "setns"]);
  never.delete("seccomp");
  expect(groups()["@never"]?.toSorted()).toEqual([...never].sort());
});

test("calls that mount, load kernel code or evade the filter are in @never, with a reason", () => {
  const { "@never": never = [], "@mount": mount = [], "@module": modules = [] } = groups();
  // Held back by no group of its own: chroot changes no mount, and statmount and listmount only
  // look.
  const harmless = ["chroot", "statmount", "listmount"];
  const wanted = [...mount, ...modules].filter((call) => !harmless.includes(call));
  expect(wanted.filter((call) => !never.includes(call))).toEqual([]);
  for (const call of [
    "mount",
    "pivot_root",
    "open_tree_attr",
    "bpf",
    "io_uring_setup",
    "open_by_handle_at",
    "keyctl",
    "setns",
  ]) {
    expect(whyNever(call), call).not.toBeNull();
  }
  for (const call of ["openat", "execve", "clone", "chroot", "seccomp", "futex"])
    expect(whyNever(call), call).toBeNull();
});
