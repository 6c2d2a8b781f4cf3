import { describe, expect, test } from "vitest";
import { decide } from "../../src/model/decide.ts";
import type { Policy } from "../../src/model/policy.ts";
import type { Request } from "../../src/model/request.ts";
import { addLines } from "../../src/policy/add-lines.ts";
import type { Need } from "../../src/suggest/need.ts";
import { type SuggestHost, suggestions } from "../../src/suggest/suggestions.ts";
import { variantsOf } from "../../src/suggest/variants.ts";
import { ask, hostIncluding, hostWith, load, need, rename, TEXT } from "./a-host.ts";

/** Of every proposal, the lines of its variants; each was seen to grant what the proposal does. */
function variants(needs: readonly Need[], host: SuggestHost = hostWith()) {
  const policy = load(TEXT) as Policy;
  const { lines, dangerous } = suggestions(TEXT, policy, needs, host);
  const proposed = [...lines, ...dangerous];
  return proposed.map((proposal) => {
    const found = variantsOf(proposal, proposed, { text: TEXT, policy }, host);
    const others = proposed.filter((one) => one !== proposal);
    for (const some of found.lines) {
      const after = host.load(addLines(TEXT, [...others, ...some])) as Policy;
      for (const { request } of proposal.needs)
        expect(decide(after, request).outcome).toBe("granted");
    }
    expect(found.lines[found.usual]).toEqual([proposal]);
    const spelled = found.lines.map((some) => some.map(({ line }) => line));
    return { narrower: spelled.slice(0, found.usual), wider: spelled.slice(found.usual + 1) };
  });
}

const address = (last: number): Need =>
  need({
    class: "address",
    operation: "connect",
    protocol: "tcp",
    address: Uint8Array.from([10, 0, 0, last]),
    port: 443,
  });

describe("a line's variants", () => {
  test("of a pattern: the names that were asked for, and their folder", () => {
    const needs = ["/srv/web.Ab12xZ", "/srv/web.Cd34yW"].map((path) => need(ask("create", path)));
    expect(variants(needs)).toEqual([
      { narrower: [["c /srv/web.Ab12xZ", "c /srv/web.Cd34yW"]], wider: [] },
    ]);
    const own = need(ask("write", "/var/lib/web/state.1"));
    expect(variants([own])).toEqual([{ narrower: [], wider: [["w /var/lib/web/**"]] }]);
  });

  test("of a folder: the names in it", () => {
    const used = [..."abcdef"].map((name) => `/srv/www/${name}`);
    const needs = used.map((path) => need(ask("read", path)));
    const [folder] = variants(needs, hostWith(...used));
    expect(folder).toEqual({ narrower: [used.map((path) => `r ${path}`)], wider: [] });
  });

  test("of a program: no folder of programs", () => {
    expect(variants([need(ask("execute", "/srv/web/tool"))])).toEqual([
      { narrower: [], wider: [] },
    ]);
  });

  test("of addresses: each by itself, and every one", () => {
    expect(variants([1, 2, 3].map(address))).toEqual([
      {
        narrower: [[1, 2, 3].map((last) => `connect tcp 10.0.0.${last}:443`)],
        wider: [["connect tcp 443"]],
      },
    ]);
    expect(variants([address(1)])).toEqual([
      { narrower: [], wider: [["connect tcp 10.0.0.0/8:443"], ["connect tcp 443"]] },
    ]);
  });

  test("of an abstraction: lines of its own", () => {
    const host = hostIncluding("names", "files: [r /etc/a.2026-01-31 /etc/b /etc/c /etc/d]\n");
    const needs = ["/etc/a.2026-01-31", "/etc/b", "/etc/c"].map((path) => need(ask("read", path)));
    const [include] = variants(needs, host);
    expect(include?.narrower).toEqual([
      ["r /etc/a.2026-01-31", "r /etc/b", "r /etc/c"],
      ["r /etc/a.[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]", "r /etc/b", "r /etc/c"],
    ]);
  });

  test("of a rename: only what concerns the line's own name", () => {
    const asked = [ask("create", "/var/lib/web/new"), rename("/var/lib/web/new", "/srv/web/data")];
    const found = variants(asked.map((request) => need(request)));
    expect(found.map(({ wider }) => wider.flat())).toEqual([
      ["cd /var/lib/web/**"],
      ["cd /srv/web/**"],
    ]);
  });
});

describe("system calls", () => {
  const calls = (...names: string[]) =>
    names.map((name) => need({ class: "syscall", name } as Request));
  const found = (needs: readonly Need[], text = TEXT) => {
    const { lines, dangerous } = suggestions(text, load(text) as Policy, needs, hostWith());
    return { lines: lines.map(({ line, wider }) => [line, wider]), dangerous: dangerous.length };
  };
  const network = ["socket", "bind", "listen", "accept4", "sendto", "recvfrom", "shutdown"];

  test("are told as their group if most of it was made, with how much wider it is", () => {
    const more = ["getsockname", "setsockopt"];
    expect(found(calls(...network, ...more, "fsync")).lines).toEqual([
      ["@network-io", 9],
      ["fsync", 0],
    ]);
    const [group] = variants(calls(...network, ...more));
    expect(group?.narrower.map((some) => some.toSorted())).toEqual([
      [...network, ...more].toSorted(),
    ]);
    expect(group?.wider).toEqual([]);
  });

  test("are told one by one if the group would be much wider, or adds a dangerous call", () => {
    expect(found(calls("socket", "bind", "listen", "accept4")).lines).toHaveLength(4);
    // Half of @ipc; it has process_vm_readv, too.
    const ipc = ["msgctl", "msgget", "msgrcv", "msgsnd", "semctl", "semget", "semop", "shmat"];
    expect(found(calls(...ipc, "shmctl", "shmdt", "shmget", "pipe")).lines).toHaveLength(12);
    const clock = ["adjtimex", "clock_adjtime", "clock_settime", "settimeofday"];
    expect(found(calls(...clock))).toEqual({ lines: [], dangerous: 4 });
  });

  test("count only what the policy lacks of the group, without what it denies", () => {
    const text = 'syscalls: ["@network-io", deny socket bind listen accept4]\n';
    expect(found(calls("socket", "bind", "listen", "accept4"), text).lines).toEqual([]);
    const some = "syscalls: [deny sync]\n";
    const synced = calls("fsync", "fdatasync", "msync", "syncfs");
    expect(found(synced, some).lines).toEqual([["@sync", 1]]);
  });
});
