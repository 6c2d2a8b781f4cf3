/** A stock server's daemons, by `protect --all` and `enforce --all`: docs/stock-server.md. */
import { writeFileSync } from "node:fs";
import * as path from "node:path";
import { readDaemon } from "../../library/daemon.ts";
import { BREAK_IN } from "../../library/daemon-host.ts";
import { BESIDE, SERVED, type Told } from "../../library/server.ts";
import { pageOf } from "../../library/server-page.ts";
import { compileC } from "../../support/compile-c.ts";
import { clone } from "../kernel.ts";
import { atWarning, brokenInto, enforced, protectedAll, STORY } from "./guest/stock-server.ts";
import { testOnServer } from "./suite.ts";

const packages = [
  ...["dbus", "libpam-systemd", "nodejs", "libbpf1", "logrotate", "curl", "python3"],
  ...BESIDE,
  ...new Set(SERVED.flatMap((name) => readDaemon(name).packages)),
];

/** What the story reads in the machine, which has it under the same names. */
const read = ["domains", "test/library", "package.json"].map((name) => path.join(clone, name));

testOnServer(
  path.join(import.meta.dirname, "guest/stock-server.ts"),
  { protectedAll, atWarning, enforced, brokenInto },
  {
    packages,
    fill: (files) => {
      for (const name of read) files.copy(name);
      files.directory(path.dirname(BREAK_IN));
      compileC(path.join(files.folder, BREAK_IN), path.join(clone, "test/library/break-in.c"), [
        ...["-O1", "-Wall", "-Wextra", "-Werror", "-static", "-D_GNU_SOURCE"],
      ]);
    },
    seen: (outcomes) => {
      const output = outcomes.at(-1)?.steps.get("suite/root/tests")?.output ?? "";
      const line = output.split("\n").findLast((one) => one.startsWith(STORY));
      if (line === undefined) return;
      const told = JSON.parse(line.slice(STORY.length)) as Told;
      const where = "a Debian server in a virtual machine, under Debian's stock kernel";
      writeFileSync(
        path.join(clone, "docs/stock-server.md"),
        pageOf(told, where, "npm run test:debian"),
      );
    },
  },
);
