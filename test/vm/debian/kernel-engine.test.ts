/** The bpf-lsm engine on a Debian server: test/vm/lsm.test.ts has no systemd. */
import * as path from "node:path";
import { entered, hung, refused, rescued, restarted } from "./guest/kernel-engine.ts";
import { testOnServer } from "./suite.ts";

testOnServer(
  path.join(import.meta.dirname, "guest/kernel-engine.ts"),
  { entered, rescued, restarted, hung, refused },
  {
    kernels: {
      rescued: "cofferdam.engine=landlock",
      // Debian's own, without bpf.
      refused: "lsm=landlock,lockdown,yama,loadpin,safesetid,integrity,apparmor",
    },
  },
);
