import type { BootedHost } from "../host/shell-sandbox/booted-host.ts";
import { CLIENT, INTERFACE } from "./daemons.ts";

/**
 * The host's network: another host, which is a network namespace, and a cable between the two. Its
 * number is in /run, as long as the host is not switched off.
 */
const other = `
[ -e /run/life-client ] || {
  unshare --net sleep infinity </dev/null >/dev/null 2>&1 &
  echo $! >/run/life-client
  until [ "$(readlink "/proc/$!/ns/net")" != "$(readlink /proc/self/ns/net)" ]; do sleep 0.05; done
}`;
const replace = `${other}
client=$(cat /run/life-client)
ip link delete dev ${INTERFACE} 2>/dev/null || true
ip link add name ${INTERFACE} type veth peer name life1 netns "$client"
ip address add "$1/24" dev ${INTERFACE}
ip link set dev ${INTERFACE} up
nsenter --target="$client" --net sh -euc '
  ip address add ${CLIENT}/24 dev life1
  ip link set dev life1 up'
`;

/** The host has a new interface to its network, with this address and no other. */
export function replaceInterface(host: BootedHost, address: string): void {
  host.sh(replace, address);
}

/** What the other host's client hears at an address; its script has that as `$ADDRESS`. */
export function hearOverNetwork(host: BootedHost, client: string, address: string): string {
  const asOther = `export ADDRESS="$2"
exec nsenter --target="$(cat /run/life-client)" --net bash -c "$1"`;
  return host.run("sh", "-euc", asOther, "sh", client, address).out;
}

/** Ends the other host, and with it the cable. */
export function removeNetwork(host: BootedHost): void {
  host.sh('kill "$(cat /run/life-client)"; rm /run/life-client');
}
