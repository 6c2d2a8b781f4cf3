import { execFileSync } from "node:child_process";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach } from "vitest";
import { scratchFolder } from "../../support/scratch.ts";
import { skipUnless } from "../../support/skip.ts";
import { BootedHost, bootMissing, installOn } from "../shell-sandbox/booted-host.ts";
import { EtcHost } from "../shell-sandbox/etc-host.ts";

/** A systemd of its own, with units and domains that a test writes. */
export class BootedUnits {
  readonly host: BootedHost;
  readonly #disk: EtcHost;
  readonly #scratch: string;

  private constructor(host: BootedHost, disk: EtcHost, scratch: string) {
    this.host = host;
    this.#disk = disk;
    this.#scratch = scratch;
  }

  static async boot(): Promise<BootedUnits> {
    const scratch = scratchFolder("units");
    const key = join(scratch, "key");
    execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", key]);
    const disk = await EtcHost.start(key);
    installOn(disk);
    const host = await BootedHost.boot(disk);
    host.sh("ip link set lo up; mkdir -p /etc/cofferdam/domains");
    return new BootedUnits(host, disk, scratch);
  }

  async powerOff(): Promise<void> {
    await this.host.powerOff();
    await this.#disk.stop();
    rmSync(this.#scratch, { recursive: true });
  }

  write(path: string, text: string): void {
    this.host.sh('mkdir -p "$(dirname "$1")"; printf %s "$2" >"$1"', path, text);
  }

  /** A policy, in force at once. */
  domain(name: string, text: string): void {
    this.write(`/etc/cofferdam/domains/${name}.yaml`, text);
    this.done("domain", "reload");
  }

  /** A service of this name, read by systemd. */
  service(name: string, service: string): void {
    this.write(
      `/etc/systemd/system/${name}`,
      `[Unit]\nDefaultDependencies=no\n[Service]\n${service}`,
    );
    this.host.sh("systemctl daemon-reload");
  }

  /** What a command of Cofferdam's prints; it must succeed. */
  done(...words: readonly string[]): string {
    const { status, out, err } = this.host.cofferdam(...words);
    if (status !== 0) throw new Error(`cofferdam ${words.join(" ")}: ${status}: ${out}${err}`);
    return out;
  }

  /** The drop-ins, and what else lies in systemd's folder. */
  settings(): string {
    return this.host.sh("cd /etc/systemd/system; find . -name '*.d' -o -name '*.conf' | sort");
  }

  /** Waits until a unit's process is its daemon, in the domain: it begins as the launcher. */
  becomes(pid: string, domain: string): void {
    const isIn = 'grep -q "/cofferdam/$2[.]" "/proc/$1/cgroup"';
    const isDaemon = '[ "$(cat "/proc/$1/comm")" != cofferdam ]';
    this.host.sh(`until ${isIn} && ${isDaemon}; do sleep 0.05; done`, pid, domain);
  }
}

/** Those of the file whose tests run, from its first test on ({@link withBootedUnits}). */
export let at: BootedUnits;

/** Boots one for the tests of a file, which are skipped where none can be booted. */
export function withBootedUnits(): void {
  const missing = bootMissing();
  beforeAll(async () => {
    if (missing === null) at = await BootedUnits.boot();
  });
  afterAll(async () => {
    await at?.powerOff();
  });
  beforeEach((context) => skipUnless(context, missing === null, missing ?? ""));
}
