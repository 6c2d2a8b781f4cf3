import { existsSync, readFileSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { sealedFallbacks } from "../compile/fallback-rows.ts";
import { missingForEvery } from "../compile/fallbacks.ts";
import { diagnose } from "../diagnostics/diagnose.ts";
import { startOf } from "../diagnostics/diagnostic.ts";
import { type HostFacts, type Probe, whyMissing } from "../kernel/host-facts.ts";
import { probeBpfLsm } from "../kernel/probe/bpf-lsm.ts";
import { unlessGone } from "../kernel/unless-gone.ts";
import { type Engine, engines } from "../model/engines/engine.ts";
import { holdsInKernel, type Policy } from "../model/policy.ts";
import { attachedEngine } from "./lsm.ts";
import type { Places } from "./places.ts";
import { unitsHeldBack } from "./units/hold-back.ts";
import { modesFor, writeWhole } from "./write-whole.ts";

/**
 * Which engine does `enter` on this host. A policy has no say in it: the same file works with both,
 * unless it says that only the kernel's holds it.
 *
 * `landlock`: nothing enters a domain but what the launcher starts. `bpf-lsm`: the kernel lets
 * enter, and where it cannot, units that would enter a domain at enforcing do not start. `auto`:
 * `bpf-lsm` where its probe succeeds, and `landlock` elsewhere.
 */
export const engineSettings = ["auto", ...engines] as const;
export type EngineSetting = (typeof engineSettings)[number];

export const ENGINE_KEY = "/UserVars/Engine";

/**
 * The one that a host has whose administrator chose none. Not `auto`, because the bpf-lsm engine
 * does not hold a whole policy: docs/engine-differences.md lists what it leaves open.
 */
const DEFAULT: EngineSetting = "landlock";

/**
 * On the kernel's command line it goes before the setting, for that boot. An administrator whom a
 * domain locks out writes it in the boot loader.
 */
const BOOT_WORD = "cofferdam.engine=";
const COMMAND_LINE = "/proc/cmdline";

export interface EngineChoice {
  /** Of the host, or of this boot. */
  readonly setting: EngineSetting;
  readonly engine: Engine;
  /** By what it is chosen: a sentence. */
  readonly why: string;
  /** Why it cannot hold anything here; null if its probes succeed. */
  readonly lacks: string | null;
  readonly other: Engine;
  readonly whyNotOther: string;
}

/** Absent while the setting is the default. */
function fileOf({ system }: Pick<Places, "system">): string {
  return join(dirname(system.numbers), "engine");
}

/** As the host's file has it, whatever it says; null if there is none. */
function wordOfHost(places: Pick<Places, "system">): string | null {
  return unlessGone(() => readFileSync(fileOf(places), "utf8"))?.trim() ?? null;
}

/** null for a word that is none. */
function asSetting(word: string | null): EngineSetting | null {
  return engineSettings.find((one) => one === word) ?? null;
}

/** A file that says nothing of the kind counts as the strictest; {@link engineRemark} tells it. */
export function engineSetting(places: Pick<Places, "system">): EngineSetting {
  const word = wordOfHost(places);
  return word === null ? DEFAULT : (asSetting(word) ?? "bpf-lsm");
}

/** What a command line of the kernel says; the last of several words counts. null: nothing. */
export function engineOnCommandLine(line: string): string | null {
  const words = line.split(/\s+/).filter((word) => word.startsWith(BOOT_WORD));
  return words.at(-1)?.slice(BOOT_WORD.length) ?? null;
}

interface SettingInForce {
  readonly setting: EngineSetting;
  readonly isOfBoot: boolean;
}

/** Of this boot if its kernel was told one, else of the host. */
export function engineInForce(places: Pick<Places, "system">): SettingInForce {
  const ofBoot = asSetting(wordOfBoot());
  return { setting: ofBoot ?? engineSetting(places), isOfBoot: ofBoot !== null };
}

function wordOfBoot(): string | null {
  return engineOnCommandLine(readFileSync(COMMAND_LINE, "utf8"));
}

/** Names on which the answer of {@link entersInKernel} depends. */
export function engineFiles(places: Pick<Places, "system">): readonly string[] {
  const pins = engineInForce(places).setting === "auto" ? [places.system.lsmPins] : [];
  return [fileOf(places), ...pins];
}

/** What the value alone does not tell, or null. */
export function engineRemark(places: Pick<Places, "system">): string | null {
  const kept = wordOfHost(places);
  if (kept !== null && asSetting(kept) === null)
    return `${fileOf(places)} names no engine; set it again`;
  const word = wordOfBoot();
  if (word === null) return null;
  const said = `${BOOT_WORD}${word} on this boot's command line`;
  return asSetting(word) === null
    ? `${said} names no engine, and is passed by`
    : `${said} goes before it`;
}

export function writeEngineSetting(places: Pick<Places, "system">, setting: EngineSetting): void {
  const file = fileOf(places);
  if (setting === DEFAULT) rmSync(file, { force: true });
  else writeWhole(file, Buffer.from(`${setting}\n`), modesFor(0));
}

/** Whether `enter` is done in the kernel. */
export function entersInKernel(places: Pick<Places, "system">): boolean {
  const { setting } = engineInForce(places);
  if (setting !== "auto") return setting === "bpf-lsm";
  // A probe that fails for a moment, or for want of capabilities, lets nobody start outside.
  return existsSync(places.system.lsmPins) || kernelTakesIt();
}

/** Whether the host's engine is one that holds the domain. */
export function isHeldHere(
  places: Pick<Places, "system">,
  policy: Pick<Policy, "mediation">,
): boolean {
  return !holdsInKernel(policy) || entersInKernel(places);
}

/** What is said of a domain that is not held here: a sentence with its code, and what to do. */
export function notHeldHere(domain: string): { readonly why: string; readonly help: string } {
  const { code, message, help } = diagnose("not-by-landlock", startOf(domain), { name: domain });
  return { why: `${message} (${code})`, help };
}

/** A probe takes 30 ms, and its answer holds until the next boot. */
let answer: Probe | null = null;

function kernelTakesIt(): boolean {
  if (answer === null || answer.state === "unknown") answer = probeBpfLsm();
  return answer.state === "yes";
}

/** `facts`: of the caller. An ordinary user's domains are held by landlock on every host. */
export function chosenEngine(
  places: Pick<Places, "system" | "asRoot">,
  facts: HostFacts,
): EngineChoice {
  return chooseEngine(engineInForce(places), places.asRoot, facts);
}

export function chooseEngine(
  { setting, isOfBoot }: SettingInForce,
  asRoot: boolean,
  facts: HostFacts,
): EngineChoice {
  const probe = facts.features["bpf-lsm"];
  const missing = missingForEvery(facts, sealedFallbacks);
  const lacksLandlock = missing.length === 0 ? null : `this host lacks ${missing.join(" and ")}`;
  const lacksLsm = whyNoLsm(probe);
  const said = isOfBoot ? "this boot's cofferdam.engine" : ENGINE_KEY;
  if (!asRoot)
    return {
      ...{ setting, engine: "landlock", lacks: lacksLandlock, other: "bpf-lsm" },
      why: "it holds every domain of an ordinary user",
      whyNotOther: "only root has domains in it; as root, this command says whether it is used",
    };
  const engine = setting === "auto" ? (lacksLsm === null ? "bpf-lsm" : "landlock") : setting;
  if (engine === "landlock")
    return {
      ...{ setting, engine, lacks: lacksLandlock, other: "bpf-lsm" },
      why: `${said} is ${setting}${setting === DEFAULT && !isOfBoot ? ", as by default" : ""}`,
      whyNotOther:
        lacksLsm ??
        "its probe succeeds, but no host takes it by default, because it does not hold a whole " +
          `policy (docs/engine-differences.md); cofferdam settings set ${ENGINE_KEY} bpf-lsm`,
    };
  return {
    ...{ setting, engine, lacks: lacksLsm, other: "landlock" },
    why: `${said} is ${setting}${setting === "auto" ? ", and its probe succeeds" : ""}`,
    whyNotOther:
      lacksLandlock ??
      "it is for hosts whose setting is landlock, or auto on a kernel that does not take bpf-lsm",
  };
}

function whyNoLsm(probe: Probe): string | null {
  return probe.state === "yes" ? null : whyMissing("bpf-lsm", probe);
}

/** What an administrator must know of an engine that the setting names and that does not hold. */
export function engineTroubles(
  places: Pick<Places, "system" | "asRoot">,
  { engine, why, lacks }: EngineChoice,
): readonly string[] {
  const remark = engineRemark(places);
  const broken = remark === null ? [] : [`${ENGINE_KEY}: ${remark}`];
  if (engine !== "bpf-lsm") return broken;
  if (lacks !== null)
    return [
      ...broken,
      `${why}, which this kernel does not take: cofferdam doctor`,
      ...unitsHeldBack().map(
        (unit) => `${unit} is not started, because it would be outside its domain`,
      ),
    ];
  using attached = attachedEngine(places);
  const help = "start the agent, or: cofferdam domain reload";
  return attached === null ? [...broken, `the bpf-lsm engine is not attached: ${help}`] : broken;
}
