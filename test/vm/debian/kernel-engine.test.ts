/** The bpf-lsm engine on a Debian server: test/vm/lsm.test.ts has no systemd. */
import * as path from "node:path";
import { entered, refused, restarted } from "./guest/kernel-engine.ts";
import { testOnServer } from "./suite.ts";

testOnServer(
  path.join(import.meta.dirname, "guest/kernel-engine.ts"),
  { entered, restarted, refused },
  // Debian's own, without bpf.
  { kernels: { refused: "lsm=landlock,lockdown,yama,loadpin,safesetid,integrity,apparmor" } },
);
