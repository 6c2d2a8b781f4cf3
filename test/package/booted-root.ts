import { BootedHost, unitsForBoot } from "../host/shell-sandbox/booted-host.ts";
import { DPKG, type ScratchRoot } from "./scratch-root.ts";

/** Before systemd starts: sshd's configuration is the package's, nothing of Cofferdam is there. */
export const asDebian = `
rm -rf /etc/systemd/system/*.wants /etc/systemd/system/*cofferdam* /etc/systemd/system/*.d
rm -rf /etc/ssh/sshd_config.d
mkdir -p /etc/ssh/sshd_config.d
cp /usr/share/openssh/sshd_config /etc/ssh/sshd_config
: >/etc/default/ssh
${unitsForBoot}
`;

export async function bootRoot(root: ScratchRoot): Promise<BootedHost> {
  const host = await BootedHost.boot(root.disk, "default.target", "writable");
  host.sh("ip link set lo up");
  return host;
}

/** What dpkg says on standard error; it must succeed. */
export function dpkg(host: BootedHost, ...words: readonly string[]): string {
  const { status, out, err } = host.run(...DPKG, ...words);
  if (status !== 0) throw new Error(`dpkg ${words.join(" ")}: ${out}${err}`);
  return err;
}

/** What a command of the installed Cofferdam prints; it must succeed. */
export function done(host: BootedHost, ...words: readonly string[]): string {
  const { status, out, err } = host.run("cofferdam", ...words);
  if (status !== 0) throw new Error(`cofferdam ${words.join(" ")}: ${out}${err}`);
  return out;
}
