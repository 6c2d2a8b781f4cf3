import * as fs from "node:fs";
import * as path from "node:path";
import { Domain } from "../properties/domain.ts";
import { compileC } from "../support/compile-c.ts";

/** A domain whose late names are brokered, and a folder that the daemon's user may change. */
export class LateScene extends Domain {
  readonly tree: string;
  readonly late: string;

  constructor(uid?: number) {
    super(uid);
    this.tree = path.join(this.home, "granted/tree");
    this.makeFolder(this.tree);
    this.late = this.at("late");
    compileC(this.late, path.join(import.meta.dirname, "late.c"), ["-O1", "-pthread"]);
  }

  /** `@` in `grants` is the tree. */
  grant(grants: readonly string[], lateNames = "brokered", more = "", syscalls = ""): void {
    this.writePolicy({
      files: [`rx ${this.late}`, ...grants.map((line) => line.replaceAll("@", this.tree))],
      base: [],
      syscalls,
      rest: `late-names: ${lateNames}\n${more}`,
    });
  }

  makeFolder(name: string): void {
    fs.mkdirSync(name);
    this.give(name);
  }

  makeFile(name: string, text = "granted"): void {
    fs.writeFileSync(name, text);
    this.give(name);
  }

  replace(name: string, text = "granted"): void {
    this.makeFile(`${name}.new`, text);
    fs.renameSync(`${name}.new`, name);
  }

  private give(name: string): void {
    if (process.getuid?.() === 0) fs.lchownSync(name, this.uid, this.uid);
  }
}
