/** A stock server's daemons, by `protect --all` and `enforce --all`, in domains of the kernel. */
import { writeFileSync } from "node:fs";
import * as path from "node:path";
import { builtBreakIn } from "../../library/break-in.ts";
import { readDaemon } from "../../library/daemon.ts";
import { BREAK_IN } from "../../library/daemon-host.ts";
import { BESIDE, SERVED, type Told } from "../../library/server.ts";
import { inKernel, pageOf } from "../../library/server-page.ts";
import { clone } from "../kernel.ts";
import { atWarning, brokenInto, enforced, protectedAll, STORY } from "./guest/stock-server.ts";
import { basePackages } from "./image.ts";
import { testOnServer } from "./suite.ts";

/** What the story reads in the machine, which has it under the same names. */
const read = ["domains", "test/library", "package.json"].map((name) => path.join(clone, name));
const page = path.join(clone, "docs/stock-server-kernel.md");

testOnServer(
  path.join(import.meta.dirname, "guest/stock-server.ts"),
  { protectedAll, atWarning, enforced, brokenInto },
  {
    packages: [
      ...new Set([
        ...[...basePackages, "logrotate", "curl", "python3", "netcat-openbsd", ...BESIDE],
        ...SERVED.flatMap((name) => readDaemon(name).packages),
      ]),
    ],
    fill: (files) => {
      for (const name of read) files.copy(name);
      files.copy(builtBreakIn(), BREAK_IN);
    },
    // Only whoever has gone the whole way writes the page.
    seen: (output) => {
      const line = output.split("\n").findLast((one) => one.startsWith(STORY));
      if (line === undefined) return;
      writeFileSync(page, pageOf(JSON.parse(line.slice(STORY.length)) as Told, inKernel));
    },
  },
);
