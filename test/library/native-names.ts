import { names } from "./daemon.ts";
import { isKernelsAlone } from "./policy.ts";

/**
 * The daemons that both engines hold: landlock's domains are tried in a Debian that is a container.
 * Each policy is read for it, which takes an emulated machine a quarter of a minute.
 */
export const nativeNames: readonly string[] = names.filter((name) => !isKernelsAlone(name));
