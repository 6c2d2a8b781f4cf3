import { execFileSync } from "node:child_process";
import { mkdirSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import { networksOutside } from "../../src/machines/outside.ts";
import { parentsOf } from "../../src/machines/parents.ts";
import { broadcastOf, placeResources } from "../../src/machines/place.ts";
import { grantsOf } from "../../src/machines/policy.ts";
import { describeCommandLine } from "../../src/machines/qemu/command-line.ts";
import {
  differences,
  mergeAccepted,
  readAccepted,
  writeAccepted,
} from "../../src/machines/record.ts";
import { wayOf } from "../../src/machines/way.ts";
import { networkContains, parseAddress } from "../../src/model/network.ts";
import { formatLetters } from "../../src/model/permission.ts";
import { scratchFolder } from "../support/scratch.ts";
import { skipUnless } from "../support/skip.ts";
import { cloneOf, header } from "./qcow2-header.ts";

const folder = realpathSync(scratchFolder("machines"));
const at = (name: string): string => join(folder, name);
let qemuImg = true;

function create(name: string, ...more: readonly string[]): void {
  execFileSync("qemu-img", ["create", "-q", "-f", "qcow2", ...more, at(name), "16M"], {
    cwd: folder,
  });
}

beforeAll(() => {
  for (const name of ["images", "links"]) mkdirSync(at(name));
  writeFileSync(at("raw.img"), Buffer.alloc(16 << 20));
  symlinkSync(at("images"), at("links/images"));
  try {
    create("images/base.qcow2", "-b", at("raw.img"), "-F", "raw");
    create("images/middle.qcow2", "-b", "base.qcow2", "-F", "qcow2");
    create("top.qcow2", "-b", "links/images/middle.qcow2", "-F", "qcow2");
    create("old.qcow2", "-o", "compat=0.10");
    create("data.qcow2", "-o", "data_file=data.raw");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    qemuImg = false;
  }
});

describe("the parents of an image", () => {
  beforeEach((context) =>
    skipUnless(context, qemuImg, "there is no qemu-img, which set-up installs as root"),
  );

  test.each([
    ["top.qcow2", ["qcow2 images/middle.qcow2", "qcow2 images/base.qcow2", "raw raw.img"]],
    ["old.qcow2", []],
    ["data.qcow2", ["raw data.raw"]],
  ])("%s", (name, parents) => {
    const found = parentsOf(at(name), "qcow2").map(({ format, way }) => `${format} ${way.leadsTo}`);
    expect(found).toEqual(parents.map((parent) => parent.replace(" ", ` ${folder}/`)));
  });

  test("are those that qemu-img tells", () => {
    const chain = ["info", "--backing-chain", "--output=json", at("top.qcow2")];
    const told: readonly { filename: string; format: string }[] = JSON.parse(
      execFileSync("qemu-img", chain, { encoding: "utf8" }),
    );
    const found = parentsOf(at("top.qcow2"), "qcow2").map(({ format, way }) => ({
      format,
      path: way.leadsTo,
    }));
    expect(found).toEqual(
      told.slice(1).map(({ filename, format }) => ({ format, path: realpathSync(filename) })),
    );
  });

  test.each([
    ["no header at all", Buffer.alloc(4096), /not a qcow2 image/],
    ["a header that ends early", Buffer.from("514649fb00000003", "hex"), /not a qcow2 image/],
    [
      "a parent's name beyond the header",
      header({ parentAt: 1 << 30, parentBytes: 10 }),
      /outside the header/,
    ],
    ["a parent's name without end", header({ parentAt: 200, parentBytes: 5000 }), /too long/],
    [
      "a parent over the network",
      header({ parentAt: 200, parentBytes: 12, parent: "ssh://h/a" }),
      /not a plain file/,
    ],
    [
      "a parent without format",
      header({ parentAt: 200, parentBytes: 5, parent: "a.img" }),
      /without a format/,
    ],
    [
      "extensions without end",
      header({ parentAt: 0, parentBytes: 0, extension: 0x7fffffff }),
      /longer than the header/,
    ],
  ])("%s is refused", (_what, bytes, why) => {
    writeFileSync(at("hostile.qcow2"), bytes);
    expect(() => parentsOf(at("hostile.qcow2"), "qcow2")).toThrow(why);
  });
});

describe("names", () => {
  test("lead where the kernel comes to, also those that are not there yet", () => {
    symlinkSync("nowhere.log", at("links/log"));
    expect(wayOf(at("links/images/new.img")).leadsTo).toBe(at("images/new.img"));
    expect(wayOf(at("links/log")).leadsTo).toBe(at("links/nowhere.log"));
    expect(wayOf(at("links/log"), "kept").leadsTo).toBe(at("links/log"));
    expect(() => wayOf(at("missing/name"))).toThrow(/cannot be reached/);
    expect(() => wayOf(at("x".repeat(300)))).toThrow(/cannot be reached.*ENAMETOOLONG/);
    expect(() => wayOf(at("a\0b"))).toThrow(/not the name of a file/);
  });
});

describe("what was accepted", () => {
  const place = (line: string) =>
    placeResources(describeCommandLine(["-nodefaults", ...line.split(" ")], folder).resources);

  test("comes back as it was written, and a link that leads elsewhere is a difference", () => {
    symlinkSync("raw.img", at("disk"));
    const before = place("-drive file=disk,format=raw");
    writeAccepted(at("record"), "one", before);
    expect(readAccepted(at("record"), "one")).toEqual({ names: before.names, parents: {} });
    expect(differences(before, place("-drive file=disk,format=raw -kernel /etc/hostname"))).toEqual(
      [],
    );
    rmSync(at("disk"));
    symlinkSync("/etc/shadow", at("disk"));
    expect(differences(before, place("-drive file=disk,format=raw"))).toEqual([
      `${at("disk")} leads to /etc/shadow, and led to ${at("raw.img")}`,
    ]);
  });

  test("a parent that becomes the image's data, which are written, is a difference", () => {
    const stands = (role: "parent" | "data") => ({
      names: {},
      parents: { "/clone": [{ role, path: "/base", format: "raw" as const }] },
    });
    expect(differences(stands("parent"), stands("data"))).toEqual([
      "image /clone says that it stands on /base (data, raw), and stood on /base (raw)",
    ]);
  });

  test("of a disk that is not there today stays, so that it is no new one later", () => {
    const clone = { names: { "/d": "/clone" }, parents: { "/clone": [] } };
    const without = { names: { "/k": "/k" }, parents: {} };
    const kept = mergeAccepted(clone, without);
    const shadow = { role: "parent", path: "/etc/shadow", format: "raw" } as const;
    expect(differences(kept, { names: {}, parents: { "/clone": [shadow] } })).toHaveLength(1);
  });

  test("a header that the machine wrote unobserved does not count as new", () => {
    const first = mergeAccepted(
      null,
      place("-drive file=wrote.img,format=raw -drive file=read.img,format=raw,readonly=on"),
    );
    for (const name of ["wrote.img", "read.img"]) writeFileSync(at(name), cloneOf("/etc/hostname"));
    const refused = [
      `image ${at("wrote.img")} says that it stands on /etc/hostname (raw), and stood on nothing`,
    ];
    expect(differences(first, place("-drive file=wrote.img,format=qcow2"))).toEqual(refused);
    expect(differences(first, place("-drive file=read.img,format=qcow2"))).toEqual([]);
    const node = (backing: string) =>
      `-blockdev driver=qcow2,file.driver=file,file.filename=wrote.img,node-name=n${backing}`;
    expect(differences(mergeAccepted(null, place(node(",backing="))), place(node("")))).toEqual(
      refused,
    );
    expect(
      mergeAccepted(mergeAccepted(null, place(node(""))), place(node(",backing="))).parents[
        at("wrote.img")
      ],
    ).toHaveLength(1);
  });

  test("is nothing before the first start", () =>
    expect(readAccepted(at("record"), "two")).toBeNull());

  test.each<[string, unknown, RegExp]>([
    ["cut off", null, /is broken: it is no JSON/],
    ["of another version", { version: 2, names: {}, parents: {} }, /`version` is none of: 1/],
    ["without parents", { version: 1, names: {} }, /`parents` is missing/],
    [
      "with a name that leads to a number",
      { version: 1, names: { a: 1 }, parents: {} },
      /`names.a`/,
    ],
    [
      "with a format that nobody reads",
      { version: 1, names: {}, parents: { a: [{ role: "parent", path: "/b", format: "x" }] } },
      /`parents.a\[0\].format`/,
    ],
  ])("a record that is %s is refused, with what is wrong", (_, record, problem) => {
    writeFileSync(at("record/three.json"), record === null ? "{" : JSON.stringify(record));
    expect(() => readAccepted(at("record"), "three")).toThrow(problem);
  });
});

describe("grants", () => {
  test("are the resources' and no more", () => {
    const line =
      `-drive file=${at("raw.img")},format=raw -cdrom ${at("raw.img")} -serial ` +
      "unix:s.sock,server,nowait -D l.log -virtfs " +
      `local,path=${at("images")},mount_tag=t,security_model=none,readonly=on -vnc 127.0.0.1:1`;
    const placed = placeResources(
      describeCommandLine(["-nodefaults", ...line.split(" ")], folder).resources,
    );
    const { names, addresses } = grantsOf(placed);
    expect(
      names.map(({ permissions, pattern }) => `${formatLetters(permissions)} ${pattern}`),
    ).toEqual([
      `r ${at("raw.img")}`,
      `cd ${at("s.sock")}`,
      ` ${at("s.sock")}`,
      `wc ${at("l.log")}`,
      `r ${at("images")}/**`,
      `rw ${at("raw.img")}`,
    ]);
    expect(addresses).toMatchObject([
      { operation: "listen", protocol: "tcp", ports: { first: 5901, last: 5901 } },
    ]);
  });

  test("user networking reaches every address but the host's", () => {
    const networks = networksOutside(["192.0.2.7", "2001:db8::7", "fe80::1"]);
    const reaches = (text: string): boolean =>
      networks.some((network) => networkContains(network, parseAddress(text) ?? new Uint8Array()));
    const all = ["192.0.2.6", "192.0.2.8", "1.1.1.1", "2001:db8::6", "2001:db8::8", "::2"];
    const none = [
      "0.0.0.0",
      "127.0.0.1",
      "127.255.255.255",
      "192.0.2.7",
      "::",
      "::1",
      "2001:db8::7",
      "fe80::1",
      "224.0.0.251",
      "255.255.255.255",
      "ff02::fb",
    ];
    expect(all.filter((address) => !reaches(address))).toEqual([]);
    expect(none.filter(reaches)).toEqual([]);
  });

  test("all hosts of a network are the host, too", () => {
    expect(broadcastOf("10.1.2.3", "255.255.240.0")).toEqual(["10.1.15.255"]);
    expect(broadcastOf("10.1.2.3", "255.255.255.255")).toEqual([]);
    expect(broadcastOf("fe80::1", "ffff:ffff:ffff:ffff::")).toEqual([]);
  });

  test.each([
    "-D images/log",
    "-drive file=images/../raw.img,format=raw",
    "-serial unix:images/s,server",
    "-D links/out",
    "-virtfs local,path=images/sub,mount_tag=u,security_model=none",
  ])("what lies where the machine writes is refused, since it could lead elsewhere: %s", (line) => {
    mkdirSync(at("images/sub"), { recursive: true });
    rmSync(at("links/out"), { force: true });
    symlinkSync("../images/log", at("links/out"));
    const shared = (more: string) =>
      `-virtfs local,path=images,mount_tag=t,security_model=none${more} ${line}`.split(" ");
    const placed = (more: string) =>
      placeResources(describeCommandLine(["-nodefaults", ...shared(more)], folder).resources);
    expect(() => placed("")).toThrow(/which the machine may write/);
    expect(placed(",readonly=on").resources).toHaveLength(2);
  });

  test("a name instead of an address is refused", () => {
    const { resources } = describeCommandLine(
      ["-nodefaults", "-serial", "tcp:example.org:1"],
      folder,
    );
    expect(() => grantsOf(placeResources(resources))).toThrow(/`example.org` is a name/);
  });
});
