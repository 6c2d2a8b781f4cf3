/** What a unit limits holds in a domain, too: only this machine has all controllers (cgroup v2). */
import * as path from "node:path";
import { compileC } from "../../support/compile-c.ts";
import { limits } from "./guest/limits.ts";
import { testOnServer } from "./suite.ts";

const guest = path.join(import.meta.dirname, "guest");

testOnServer(
  path.join(guest, "limits.ts"),
  { limits },
  {
    fill: (files) => {
      files.directory("usr/local/bin");
      const load = path.join(files.folder, "usr/local/bin/load");
      compileC(load, path.join(guest, "load.c"), ["-O1", "-Wall", "-Werror", "-static"]);
    },
  },
);
