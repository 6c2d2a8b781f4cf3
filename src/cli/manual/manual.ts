import type { Command } from "../command.ts";
import { commandPage } from "./command-page.ts";
import { overviewPage } from "./overview-page.ts";
import { policyPage } from "./policy-page.ts";
import { type ManualPage, renderPage } from "./roff.ts";

/** Every page of the manual by its file name, e.g. `cofferdam-ps.1`. */
export function manual(
  commands: readonly Command[],
): readonly { readonly file: string; readonly text: string }[] {
  const pages: ManualPage[] = [
    overviewPage(commands),
    ...commands.map((one) => commandPage(one, commands)),
    policyPage(),
  ];
  return pages.map((page) => ({ file: `${page.name}.${page.section}`, text: renderPage(page) }));
}
