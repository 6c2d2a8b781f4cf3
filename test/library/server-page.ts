import { wrap } from "../../src/base/wrap.ts";
import { readDaemon } from "./daemon.ts";
import { BESIDE, type Command, type Held, SERVED, type Told } from "./server.ts";
import { heldCount } from "./table.ts";

/** Characters of a line of running text. */
const WIDTH = 100;

interface Story {
  /** What follows `A stock server`. */
  readonly title: string;
  /** What the server was, with its article. */
  readonly where: string;
  /** The command that it was seen with. */
  readonly by: string;
}

export const natively: Story = {
  title: "from nothing to enforced",
  where:
    "a Debian that is booted in namespaces, whose kernel takes the landlock engine alone. " +
    "[The same with the kernel's engine](stock-server-kernel.md) is another page",
  by: "npm run library -- --server",
};

export const inKernel: Story = {
  title: "in domains of the kernel's engine",
  where:
    "a Debian server in a virtual machine, under systemd and Debian's stock kernel. " +
    "[The same with the landlock engine](stock-server.md) is another page",
  by: "npm run test:debian -- stock-server",
};

/** The page of what was told of a server. */
export function pageOf({ commands, left, held }: Told, { title, where, by }: Story): string {
  const shown = (part: string) => (commands[part] ?? []).map(code).join("\n");
  const refused = held.reduce((sum, { denied }) => sum + denied.length, 0);
  return `# A stock server, ${title}

<!-- Written by \`${by}\` on ${new Date().toISOString().slice(0, 10)}. -->

${paragraph(`This was ${where}. Debian's packages and units are unchanged:`)}

| unit | what a client sees it do |
|---|---|
${SERVED.map(served).join("\n")}

${paragraph(
  `Beside them run ${BESIDE.join(" and ")}. They listen nowhere and stay outside: ` +
    "[what cannot be held](library.md#what-cannot-be-held) says why. Each daemon has done its " +
    "work for a client before Cofferdam comes, so that the clients are known to work.",
)}

## Cofferdam is installed

${shown("installed")}
Nothing has changed for any daemon. \`status\` names what listens, and that it is outside.

${kernel(commands.kernel ?? [])}## Every daemon into its domain

${shown("protected")}
${paragraph(
  left.length === 0
    ? "All that listens is in a domain, at level warning: it is asked, and nothing is refused."
    : `Outside there still listened: ${left.join(", ")}. The rest is in a domain, at warning.`,
)}

## A day at warning

${paragraph(
  "A day's work, compressed: each daemon works for its client, is reloaded, has its logs " +
    "rotated, and works again. Then logrotate and the copy of dpkg's database run, as timers " +
    "start them, and nginx is upgraded, as unattended-upgrades would. Nothing was told of but " +
    "what [the library](library.md) lists for these daemons, with the reason. One of them, asked " +
    "whether it may be enforced:",
)}

${shown("day")}
## Enforced

${paragraph(
  "`--least 1s` and `--watch 20s` are for the compressed day: by default a domain has to be at " +
    "warning for a day, and is watched for ten minutes. The first command enforces those that " +
    "are ready. What keeps the others back are accesses that no rule can name; the library " +
    "lists them, with the reason why the daemon is not to have them. `--anyway` enforces these " +
    "domains, too.",
)}

${shown("enforced")}
${paragraph(
  "The same day was worked again, by the same clients. Every answer was right. Denied were " +
    `${refused} things, each of which the library lists: the daemon asks for it, and does ` +
    "without.",
)}

| domain | denied, and done without |
|---|---|
${held.map(without).join("\n")}

## Broken into

${paragraph(
  "At last a program took the place of each daemon's own, in its domain and as its user, and " +
    "tried what a break-in there would: to run a shell, read /etc/shadow, connect out, load a " +
    "program, reach other daemons' files. The cases are in [domains/cases](../domains/cases). " +
    "Nothing was possible. The program also ran without a domain, which shows what the domain " +
    "alone has refused.",
)}

| domain | refused by the domain alone | by ordinary permissions, too |
|---|---|---|
${held.map(tried).join("\n")}
`;
}

/** Where the kernel's engine was chosen, what that printed. */
const kernel = (commands: readonly Command[]): string =>
  commands.length === 0
    ? ""
    : `## The kernel's engine is chosen

${commands.map(code).join("\n")}
${paragraph(
  "From now on a daemon that starts enters its domain by the kernel, whoever starts it. What " +
    "runs goes on as it was.",
)}

`;

const served = (name: string): string => {
  const { unit, work } = readDaemon(name);
  return `| ${unit.replace("VERSION", "8.4")} | ${work} |`;
};

const without = ({ name, denied }: Held): string =>
  `| [${name}](library.md#${name}) | ${denied.length} |`;

const tried = (one: Held): string => {
  const [alone, also] = heldCount(one.tried).split(" + ");
  return `| ${one.name} | ${alone} | ${also} |`;
};

function code({ line, out }: Command): string {
  const lines = `# ${line}\n${out}`.trimEnd().split("\n");
  return `${lines.map((one) => `    ${one}`.trimEnd()).join("\n")}\n`;
}

const paragraph = (text: string): string => wrap(text, WIDTH, "");
