import { keyNames, keys } from "../../policy/language.ts";
import {
  bold,
  entry,
  escapeRoff,
  literal,
  type ManualPage,
  paragraphs,
  prose,
  section,
} from "./roff.ts";

const description = [
  "A policy is a YAML file `NAME.yaml`; NAME is the domain's name. Everything that no rule " +
    "grants is denied. A rule with `deny` overrides all grants; the order of rules never " +
    "matters.",
  "Letters of `files`: r read, w write, c create, d delete, x execute, m map, a attributes, i " +
    "ioctl on a device.",
  "Patterns: `*` any bytes within a name, `**` any names, `?` one byte, `{a,b}` either, " +
    "`[a-z]` and `[!a-z]` one byte. `DIR/**` is everything below DIR, and DIR itself except to " +
    "create or delete it.",
];

/** cofferdam-policy(5), from the table of keys. */
export function policyPage(): ManualPage {
  const parts = keyNames("domain").flatMap((name) => {
    const { summary, form, example, standard } = keys[name];
    const lines = [
      prose(summary),
      ".PP",
      `Form: ${escapeRoff(form)}`,
      ".br",
      `Without it: ${escapeRoff(standard)}`,
    ];
    return [`.SS ${bold(name)}`, ...lines, ".PP", ...literal([example])];
  });
  return {
    name: "cofferdam-policy",
    section: 5,
    body: [
      ...section("name", [`${escapeRoff("cofferdam-policy")} \\- policy files of Cofferdam`]),
      ...section("description", paragraphs(description)),
      ...section("keys", parts),
      ...section("files", entry(bold("/etc/cofferdam/domains"), "policies of this host")),
      ...section("see also", [`${bold("cofferdam-check")}(1), ${bold("cofferdam-explain")}(1)`]),
    ],
  };
}
