// CHANGELOG.md in the form of a Debian changelog (deb-changelog(5)).
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { MAINTAINER } from "./deb.mjs";

const heading = /^## (?<version>\d[\w.~+]*) \((?<date>\d{4}-\d\d-\d\d)\)$/;

/** `version`: of the newest entry; tests of upgrades give another one. */
export function changelogOf(tree, version) {
  const entries = [];
  for (const line of readFileSync(join(tree, "CHANGELOG.md"), "utf8").split("\n")) {
    const found = heading.exec(line)?.groups;
    if (found !== undefined) entries.push({ ...found, lines: [] });
    else if (/^(?:- | {2})/.test(line)) entries.at(-1)?.lines.push(line.replace(/^- /, "* "));
  }
  if (entries.length === 0) throw new Error("CHANGELOG.md has no `## VERSION (YYYY-MM-DD)`");
  entries[0].version = version;
  return entries.map(entryText).join("\n");
}

function entryText({ version, date, lines }) {
  const words = new Date(`${date}T12:00:00Z`).toUTCString().replace("GMT", "+0000");
  const changes = lines.map((line) => `  ${line}\n`).join("");
  const head = `cofferdam (${version}) unstable; urgency=medium\n`;
  return `${head}\n${changes}\n -- ${MAINTAINER}  ${words}\n`;
}
