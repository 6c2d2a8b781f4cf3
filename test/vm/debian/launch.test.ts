/** The launcher and the bpf-lsm engine on a Debian server; guest/lsm-launch.ts has no systemd. */
import * as path from "node:path";
import { launched, restarted } from "./guest/launch.ts";
import { testOnServer } from "./suite.ts";

testOnServer(path.join(import.meta.dirname, "guest/launch.ts"), { launched, restarted });
