import { spawnSync } from "node:child_process";
import { appendFileSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { SystemdHost } from "../../../host/shell-sandbox/systemd-host.ts";

/** For one command, milliseconds: one may restart every daemon of an emulated server. */
const COMMAND_MS = 2_400_000;
/** Of what one command prints. */
const OUTPUT_BYTES = 64 * 1024 * 1024;

/** The machine that this runs in, with the installed Cofferdam. */
class Machine extends SystemdHost {
  override run(...words: readonly string[]) {
    const [program = "", ...args] = words;
    const { status, stdout, stderr } = spawnSync(program, args, {
      encoding: "utf8",
      timeout: COMMAND_MS,
      maxBuffer: OUTPUT_BYTES,
    });
    return { status, out: stdout, err: stderr };
  }

  /** Of one that the kernel's engine holds, as `cofferdam ps` knows it. */
  override domainOf(pid: string): string {
    const byGroup = super.domainOf(pid);
    if (byGroup !== "") return byGroup;
    const { out } = this.run("cofferdam", "ps", "--json");
    const shown = JSON.parse(out || "[]") as readonly {
      readonly pid: number;
      readonly confinement?: { readonly domain?: string } | null;
    }[];
    return shown.find((one) => one.pid === Number(pid))?.confinement?.domain ?? "";
  }

  /** What a command prints on both outputs; it must succeed. */
  must(...words: readonly string[]): string {
    const { status, out, err } = this.run(...words);
    if (status !== 0) throw new Error(`${words.join(" ")}: status ${status}: ${out}${err}`);
    return `${out}${err}`;
  }

  /** What a command of Cofferdam's prints; it must succeed. */
  done(...words: readonly string[]): string {
    return this.must("cofferdam", ...words);
  }

  /** What dpkg says about this version of Cofferdam's package; it must succeed. */
  install(version: string): string {
    return this.must("dpkg", "--install", `/srv/packages/cofferdam_${version}_amd64.deb`);
  }

  /** Tells a person who waits for this machine how far it is. */
  announce(text: string): void {
    appendFileSync("/dev/console", `${text}\n`);
  }

  write(name: string, text: string): void {
    mkdirSync(dirname(name), { recursive: true });
    writeFileSync(name, text);
  }

  /** A unit's first process; "0" if none runs. */
  mainPid(unit: string): string {
    return this.show(unit, "MainPID");
  }
}

export const machine = new Machine();
