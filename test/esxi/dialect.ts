import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { PUBLIC_FILE } from "../../src/base/modes.ts";
import { runDialect } from "../../src/esxi/dialect.ts";
import { type Places, places } from "../../src/host/places.ts";
import { scratchPlaces } from "../agent/scratch-places.ts";
import type { Outcome } from "../cli/command-line.ts";
import { hearing } from "../cli/hearing.ts";
import { scratchFolder } from "../support/scratch.ts";

/**
 * A host of its own in a scratch folder: two domains, of which one has number 49, and no shipped
 * ones.
 */
export class Host {
  readonly folder = scratchFolder("dialect");
  readonly places: Places;

  constructor(asRoot = true) {
    const standard = places({ uid: 1000, env: { HOME: this.folder }, home: this.folder });
    const system = scratchPlaces(this.folder, this.folder).system;
    this.places = { ...standard, asRoot, system };
    mkdirSync(join(this.folder, "domains"));
    mkdirSync(this.policies, { recursive: true });
    this.policy("hostd", "level: enforcing\nfiles: [r /etc/**]\n");
    this.policy("ntpd", "level: warning\n");
    mkdirSync(join(this.places.system.numbers, ".."), { recursive: true });
    const hostd = {
      number: 49,
      name: "hostd",
      origin: join(this.policies, "hostd.yaml"),
      identity: "0",
    };
    this.write(
      this.places.system.numbers,
      JSON.stringify({ version: 1, next: 50, domains: [hostd] }),
    );
  }

  get policies(): string {
    return this.places.policies[0] ?? "";
  }

  policy(name: string, text: string): void {
    this.write(join(this.policies, `${name}.yaml`), text);
  }

  write(path: string, text: string): void {
    writeFileSync(path, text, { mode: PUBLIC_FILE });
  }

  async run(name: string, ...args: readonly string[]): Promise<Outcome> {
    const { context, ended } = hearing(this.places);
    return ended(await runDialect(name, args, context));
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}
