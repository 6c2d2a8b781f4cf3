/** The Debian package on a Debian server: test/package has scratch roots and namespaces instead. */
import * as path from "node:path";
import { installed, rebooted } from "./guest/packages.ts";
import { testOnServer } from "./suite.ts";

testOnServer(path.join(import.meta.dirname, "guest/packages.ts"), { installed, rebooted });
