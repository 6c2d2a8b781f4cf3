/** Daemons of the library, with the shipped policies, in the bpf-lsm engine's domains. */
import * as path from "node:path";
import { clone } from "../kernel.ts";
import { entered, restarted } from "./guest/kernel-daemons.ts";
import { basePackages } from "./image.ts";
import { testOnServer } from "./suite.ts";

testOnServer(
  path.join(import.meta.dirname, "guest/kernel-daemons.ts"),
  { entered, restarted },
  {
    packages: [
      ...[...basePackages, "memcached", "nginx", "redis-server"],
      ...["postgresql", "openssh-server", "curl"],
    ],
    fill: (files) => files.copy(path.join(clone, "test/library")),
  },
);
