import { diagnose } from "../../diagnostics/diagnose.ts";
import type { Report } from "../../diagnostics/diagnostic.ts";
import { nearest } from "../../diagnostics/nearest.ts";
import { eachSection, isWordSection, type WordSection, wordKinds } from "../../kinds/model.ts";
import { parseFileLine } from "../../kinds/names/policy.ts";
import { bestEffortNames, coreDumps, lateNames, levels, mediations } from "../../model/policy.ts";
import { needlessEfforts } from "../choices.ts";
import { isKeyName, type KeyName, keyNames, keys } from "../language.ts";
import { isAccountName, isPlainName } from "../names.ts";
import { decode } from "./decode.ts";
import { parseEntries } from "./entries.ts";
import { parseNetworkLine } from "./network.ts";
import { choiceOf, choicesOf, type Field, textOf, textsOf } from "./shapes.ts";
import type { PolicyKind, PolicySource, Word, WordLines } from "./source.ts";
import { nameOfKind } from "./to-tree.ts";
import { parseWords } from "./tokens.ts";
import { parseTransition } from "./transitions.ts";
import type { Mapping, Pair } from "./tree.ts";
import { parseParameters, parseVariables } from "./variables.ts";
import { wholeWord } from "./words.ts";
import { parseYaml } from "./yaml.ts";

type WordDraft = { -readonly [S in WordSection]: WordLines[S] };
type Draft = { -readonly [K in keyof PolicySource]: PolicySource[K] };

export interface ParseInput {
  /** For messages and `Source`. */
  readonly file: string;
  readonly bytes: Uint8Array;
  readonly kind: PolicyKind;
  /** The file's name without `.yaml`, which `domain` must repeat. */
  readonly name: string;
}

/**
 * Parses one policy file. Everything wrong is reported, and left out of the result. After an error
 * the result serves only to find further errors. null if not even the file's keys are known.
 */
export function parsePolicy(input: ParseInput, report: Report): PolicySource | null {
  const text = decode(input.file, input.bytes, report);
  const tree = text === null ? null : parseYaml(input.file, text, report);
  if (tree === null) return null;
  if (tree.kind !== "mapping" || tree.pairs.length === 0) {
    report(diagnose("not-a-mapping", tree.span, {}));
    return null;
  }
  return readKeys(tree, input, report);
}

function readKeys(tree: Mapping, input: ParseInput, report: Report): PolicySource {
  const draft = emptySource(input);
  for (const pair of tree.pairs) {
    const key = pair.key.value;
    if (!isKeyName(key)) refuseKey(pair, input.kind, report);
    else if (input.kind === "abstraction" && !keys[key].inAbstraction) {
      report(
        diagnose("not-in-abstraction", pair.key.span, {
          key,
          known: keyNames("abstraction").join(", "),
        }),
      );
    } else if (key === "domain") checkDomain({ key, value: pair.value, report }, input);
    else if (isWordSection(key)) readWords(draft, key, { key, value: pair.value, report });
    else readers[key](draft, { key, value: pair.value, report });
  }
  return draft;
}

const readers: Record<
  Exclude<KeyName, "domain" | WordSection>,
  (draft: Draft, field: Field) => void
> = {
  summary: (draft, field) => {
    draft.summary = textOf(field);
  },
  level: (draft, field) => {
    draft.level = choiceOf(field, levels);
  },
  mediation: (draft, field) => {
    draft.mediation = choiceOf(field, mediations);
  },
  enter: (draft, field) => {
    draft.entries = parseEntries(field);
  },
  include: (draft, field) => {
    draft.include = textsOf(field).flatMap((scalar) =>
      abstractionName(wholeWord(scalar), field.report),
    );
  },
  vars: (draft, field) => {
    draft.vars = parseVariables(field);
  },
  parameters: (draft, field) => {
    draft.parameters = parseParameters(field);
  },
  files: (draft, field) => {
    draft.files = present(textsOf(field).map((scalar) => parseFileLine(scalar, field.report)));
  },
  network: (draft, field) => {
    draft.network = textsOf(field).flatMap((scalar) => parseNetworkLine(scalar, field.report));
  },
  transitions: (draft, field) => {
    draft.transitions = present(
      textsOf(field).map((scalar) => parseTransition(scalar, field.report)),
    );
  },
  user: (draft, field) => {
    draft.user = accountName(field, "a user");
  },
  group: (draft, field) => {
    draft.group = accountName(field, "a group");
  },
  "set-user-id": (draft, field) => {
    draft.setUserId = textsOf(field).map(wholeWord);
  },
  "core-dumps": (draft, field) => {
    draft.coreDumps = choiceOf(field, coreDumps);
  },
  "late-names": (draft, field) => {
    draft.lateNames = choiceOf(field, lateNames);
  },
  "best-effort": (draft, field) => {
    draft.bestEffort = choicesOf(field, bestEffortNames, { needless: needlessEfforts });
  },
};

function readWords<S extends WordSection>(draft: WordDraft, section: S, field: Field): void {
  const { words } = wordKinds[section];
  const what = `kind of \`${section}\``;
  const lines = textsOf(field).flatMap((one) => parseWords(one, what, words, field.report));
  draft[section] = lines as WordDraft[S];
}

/** A variable is checked by its value, later. */
function accountName(field: Field, what: string): Word | null {
  const word = textOf(field);
  if (word === null || word.text.includes("${") || isAccountName(word.text)) return word;
  field.report(diagnose("bad-name", word.span, { value: word.text, what }));
  return null;
}

function abstractionName(word: Word, report: Report): Word[] {
  if (isPlainName(word.text)) return [word];
  report(diagnose("bad-name", word.span, { value: word.text, what: "an abstraction" }));
  return [];
}

function checkDomain(field: Field, input: ParseInput): void {
  const word = textOf(field);
  const template = input.name.includes("@")
    ? input.name.slice(0, input.name.indexOf("@") + 1)
    : input.name;
  if (word === null || word.text === input.name || word.text === template) return;
  field.report(diagnose("name-differs", word.span, { written: word.text, file: input.name }));
}

function refuseKey(pair: Pair, kind: PolicyKind, report: Report): void {
  // Reported as a merge key already.
  if (pair.key.value === "<<") return;
  const known = keyNames(kind);
  const where = kind === "domain" ? "a domain" : "an abstraction";
  const shown = pair.key.value === "" ? nameOfKind(pair.key) : pair.key.value;
  report(
    diagnose(
      "unknown-key",
      pair.key.span,
      { key: shown, where, known: known.join(", ") },
      nearest(pair.key.value, known),
    ),
  );
}

function present<T>(lines: readonly (T | null)[]): T[] {
  return lines.filter((line) => line !== null);
}

const noWordLines = eachSection<WordLines>(() => []);

function emptySource({ file, kind }: ParseInput): Draft {
  const nothing = {
    summary: null,
    level: null,
    mediation: null,
    user: null,
    group: null,
    coreDumps: null,
    lateNames: null,
  };
  const lists = {
    entries: [],
    include: [],
    vars: [],
    parameters: [],
    files: [],
    network: [],
    transitions: [],
    setUserId: [],
    bestEffort: [],
  };
  return { file, kind, ...nothing, ...lists, ...noWordLines };
}
