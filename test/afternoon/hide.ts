import { join } from "node:path";
import type { BootedHost } from "../host/shell-sandbox/booted-host.ts";

/** Where policies by hand lie meanwhile: no command looks for them there. */
export const HAND = "/srv/by-hand";

/** Those that are not shipped, nor a daemon's own. */
const UNSHIPPED = join(import.meta.dirname, "by-hand");

/** Takes a policy by hand away, with another name, so that a draft is needed. */
export function hide(host: BootedHost, policy: string): void {
  host.sh(
    `mkdir -p "$1"
    [ ! -e "$3/$2" ] || install --mode=0644 "$3/$2" "$1/by-hand-$2"
    for folder in /etc/cofferdam/domains /usr/share/cofferdam/domains; do
      [ ! -e "$folder/$2" ] || mv "$folder/$2" "$1/by-hand-$2"
    done`,
    ...[HAND, policy, UNSHIPPED],
  );
}
