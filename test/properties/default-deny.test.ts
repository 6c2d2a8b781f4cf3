import { afterAll, describe, expect, test } from "vitest";
import { number } from "../../src/kernel/syscalls.ts";
import { Domain } from "./domain.ts";
import { Server } from "./server.ts";
import { users } from "./users.ts";

const AF_PACKET = 17;

describe.each(users)("for $who", ({ uid }) => {
  const scene = new Domain(uid);
  const server = new Server(scene.at("outside.sock"));
  afterAll(async () => {
    await server.close();
    scene.close();
  });

  test("default deny: what no grant names is outside the domain", async () => {
    const { port } = await server.open();
    const secret = `${scene.home}/secret`;
    const outside = [
      `read ${secret}/file`,
      `write ${secret}/file`,
      `make ${secret}/new`,
      `rename ${secret}/moved ${secret}/newer`,
      `link ${secret}/file ${secret}/linked`,
      `symlink ${secret}/symbolic anywhere`,
      `chmod ${secret}/file`,
      `unlink ${secret}/gone`,
      `mkdir ${secret}/folder`,
      "execute /usr/bin/true",
      `tcp ${port}`,
      `udp ${port}`,
      `connect ${server.path}`,
      `bind ${secret}/socket`,
      `kill ${process.pid}`,
      `priority ${process.pid}`,
      "shm 0",
      `call ${number("getsid")}`,
      `socket ${AF_PACKET}`,
    ].filter(
      (line) => uid === 0 || !(line.endsWith(` ${process.pid}`) || line.startsWith("socket")),
    );
    scene.writePolicy({ syscalls: ", deny getsid" });
    const granted = [
      `read ${scene.home}/granted/file`,
      `make ${scene.home}/granted/made`,
      `make ${scene.home}/shared/exact`,
    ];

    for (const name of ["moved", "gone"]) scene.write(`home/secret/${name}`, "");
    expect(scene.tries(granted)).toEqual(granted.map(() => "0"));
    expect(scene.tries(outside)).toEqual(
      outside.map(() => expect.stringMatching(/^(EACCES|EPERM|EXDEV|EAFNOSUPPORT)$/)),
    );
    expect(scene.triesOutside(outside).join(" "), "outside the domain all of it works").toMatch(
      /^0( 0)*$/,
    );
  });

  test("deny beats allow, and the order of rules and their duplicates never matter", () => {
    const allow = `rwcd ${scene.home}/secret/**`;
    const deny = `deny w ${scene.home}/secret/**`;
    const lines = [`read ${scene.home}/secret/file`, `write ${scene.home}/secret/file`];
    for (const files of [
      [allow, deny],
      [deny, allow],
      [allow, deny, allow, deny, deny],
      [deny, allow, allow],
    ]) {
      scene.writePolicy({ files });
      expect(scene.tries(lines), files.join(", ")).toEqual(["0", "EACCES"]);
    }
  });
});
