import { spawnSync } from "node:child_process";
import { appendFileSync, existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { SystemdHost } from "../../../host/shell-sandbox/systemd-host.ts";

/** For one command, milliseconds: one may restart every daemon of an emulated server. */
const COMMAND_MS = 2_400_000;
/** Of what one command prints. */
const OUTPUT_BYTES = 64 * 1024 * 1024;

/** The names that start an agent. */
const AGENT = ["cofferdam-agent.socket", "cofferdam-agent.service"];
/** At a boot. */
const PATIENCE = "/etc/systemd/system/cofferdam-agent.service.d/zz-patient.conf";

/** The policies of the package. */
export const SHIPPED = "/usr/share/cofferdam/domains";
const untilReloaded = `until cofferdam domain reload 2>/run/said; do
  grep -q "it does not answer" /run/said || { cat /run/said >&2; exit 1; }
done`;

/** The machine that this runs in, with the installed Cofferdam. */
export class Machine extends SystemdHost {
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
    if (!existsSync("/usr/bin/cofferdam")) return "";
    const shown = this.shownProcesses().find((one) => one.pid === Number(pid));
    return shown?.confinement?.domain ?? "";
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
  install(version: string, ...options: readonly string[]): string {
    return this.must(
      "dpkg",
      ...options,
      "--install",
      `/srv/packages/cofferdam_${version}_amd64.deb`,
    );
  }

  /** Only with these shipped policies: to read all takes an emulated machine minutes. */
  installFor(version: string, domains: readonly string[]): void {
    const kept = ["abstractions/*", ...domains.map((name) => `${name}.yaml`)];
    this.install(
      version,
      `--path-exclude=${SHIPPED}/*.yaml`,
      ...kept.map((name) => `--path-include=${SHIPPED}/${name}`),
    );
    this.waitAtBoots();
  }

  /** For the agent: to load the programs takes an emulated machine a minute. */
  waitAtBoots(): void {
    this.write(PATIENCE, "[Unit]\nJobRunningTimeoutSec=20min\n");
    this.must("systemctl", "daemon-reload");
  }

  /** From the next boot on, no longer than any server does. */
  waitAsUsual(): void {
    rmSync(PATIENCE);
  }

  /** Nothing starts one before {@link startAgent}. */
  stopAgent(): void {
    this.must("systemctl", "mask", "--runtime", "--quiet", ...AGENT);
    this.must("systemctl", "stop", ...AGENT);
  }

  startAgent(): void {
    this.must("systemctl", "unmask", "--runtime", "--quiet", ...AGENT);
    for (const unit of AGENT) this.must("systemctl", "start", unit);
  }

  /** What an agent compiles may take it longer on a busy machine than the command waits. */
  reload(): void {
    this.sh(untilReloaded);
  }

  useEngine(engine: "landlock" | "bpf-lsm"): void {
    this.done("settings", "set", "/UserVars/Engine", engine);
    this.reload();
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
