import { wrap } from "../../base/wrap.ts";
import { ExitCode } from "../../host/exit-code.ts";
import {
  type ChangedSetting,
  readSetting,
  readSettings,
  writeSetting,
} from "../../host/settings.ts";
import { type Command, jsonOption } from "../command.ts";
import { toJson } from "../json.ts";
import { table } from "../render/table.ts";

const keyOperand = { name: "<key>", description: "its name, e.g. /UserVars/ShellSandboxEnabled" };

const list: Command = {
  name: "list",
  operands: [],
  summary: "every setting with its value",
  description: ["Prints each setting with its value and meaning."],
  options: [jsonOption],
  examples: [{ line: "cofferdam settings list", what: "the table" }],
  run(context, _operands, options) {
    const all = readSettings(context.places);
    const rows = all.map(({ key, value, summary, remark }) => [
      key,
      String(value),
      remark === null ? summary : `${summary} (${remark})`,
    ]);
    context.out(options.json ? toJson(all) : table(rows, context.width));
    return ExitCode.ok;
  },
};

const get: Command = {
  name: "get",
  operands: [keyOperand],
  summary: "the value of one setting",
  description: ["Prints the value alone.", "Exit status: 0; 3 for an unknown setting."],
  options: [jsonOption],
  examples: [{ line: "cofferdam settings get /UserVars/ShellSandboxEnabled", what: "0 or 1" }],
  run(context, [key = ""], options) {
    const setting = readSetting(context.places, key);
    context.out(options.json ? toJson(setting) : `${setting.value}\n`);
    if (setting.remark !== null && !options.json) context.err(`${key}: ${setting.remark}\n`);
    return ExitCode.ok;
  },
};

const set: Command = {
  name: "set",
  operands: [keyOperand, { name: "<value>", description: "one that `settings list` names" }],
  summary: "change a setting, as root",
  description: [
    "The command first checks that the new value will work. If a check fails, it changes " +
      "nothing and says what to do. Each change is an event that names its author.",
    "Setting /UserVars/ShellSandboxEnabled to 0 works without an agent, without a session " +
      "server and on a full disk.",
    "Exit status: 0; 3 if nothing was changed.",
  ],
  options: [jsonOption],
  examples: [
    {
      line: "cofferdam settings set /UserVars/ShellSandboxEnabled 1",
      what: "sandbox all later login shells",
    },
  ],
  async run(context, [key = "", value = ""], options) {
    const setting = await writeSetting(context.places, key, value);
    context.out(options.json ? toJson(setting) : changed(setting, context.width));
    return ExitCode.ok;
  },
};

export const settings: Command = {
  name: "settings",
  operands: [],
  summary: "settings of the host",
  description: [
    "Settings of one domain are in its policy; these are the few for the whole host. " +
      "`esxcfg-advcfg` reads and writes them too.",
  ],
  options: [],
  examples: [{ line: "cofferdam settings list", what: "all settings" }],
  subcommands: [list, get, set],
};

function changed({ key, value, next }: ChangedSetting, width: number): string {
  return [`${key} is ${value}`, ...next.map((sentence) => wrap(sentence, width, "  "))]
    .map((text) => `${text}\n`)
    .join("");
}
