import { ExitCode } from "../../host/exit-code.ts";
import { readSetting, type SettingValue, writeSetting } from "../../host/settings.ts";
import type { Dialect } from "../dialect-command.ts";
import { parseCommandLine, usage } from "./usage.ts";

const form = "esxcfg-advcfg -g KEY, or esxcfg-advcfg -s VALUE KEY";

export const advcfg: Dialect = async (args, { places, out, err }) => {
  const options = {
    get: { type: "string", short: "g" },
    set: { type: "string", short: "s" },
    help: { type: "boolean", short: "h" },
  } as const;
  const { values, positionals } = parseCommandLine(args, options, form);
  if (values.help === true) {
    out(`Usage: ${form}\n`);
    return ExitCode.ok;
  }
  const [key] = positionals;
  if (values.get !== undefined && values.set === undefined && positionals.length === 0) {
    out(sentence(readSetting(places, values.get)));
    return ExitCode.ok;
  }
  if (
    values.set === undefined ||
    values.get !== undefined ||
    key === undefined ||
    positionals.length > 1
  )
    throw usage("either a value is got or one is set", form);
  const setting = await writeSetting(places, key, values.set);
  out(sentence(setting));
  for (const next of setting.next) err(`esxcfg-advcfg: ${next}\n`);
  return ExitCode.ok;
};

function sentence({ key, value }: SettingValue): string {
  return `Value of ${key.slice(key.lastIndexOf("/") + 1)} is ${value}\n`;
}
