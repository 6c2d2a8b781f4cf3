import { join } from "node:path";
import type { BootedHost } from "../host/shell-sandbox/booted-host.ts";

/** Where policies by hand lie meanwhile: no command looks for them there. */
export const HAND = "/srv/by-hand";

/** For what no shipped policy and no daemon's own is meant for. */
const UNSHIPPED = join(import.meta.dirname, "by-hand");

/** Takes a policy by hand away, with another name, so that a draft is needed. */
export function hide(host: BootedHost, policy: string): void {
  host.sh(
    `mkdir -p "$1"
    for folder in /etc/cofferdam/domains /usr/share/cofferdam/domains; do
      [ ! -e "$folder/$2" ] || mv "$folder/$2" "$1/by-hand-$2"
    done
    [ ! -e "$3/$2" ] || install --mode=0644 "$3/$2" "$1/by-hand-$2"`,
    ...[HAND, policy, UNSHIPPED],
  );
}
