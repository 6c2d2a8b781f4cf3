import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { PUBLIC_FILE, PUBLIC_FOLDER } from "../../src/base/modes.ts";
import { renderReach } from "../../src/cli/render/reach.ts";
import { reachPicture } from "../../src/cli/render/reach-picture.ts";
import { OUTSIDE } from "../../src/host/reach/hop.ts";
import type { Reach } from "../../src/host/reach/reach.ts";
import { Caller } from "./command-line.ts";

let caller = new Caller();

beforeEach(() => {
  caller = new Caller();
});

afterEach(() => {
  caller.remove();
});

/** The words of a text, wherever its lines end. */
function words(text: string): string {
  return text.replaceAll(/\s+/g, " ");
}

test("of the shipped domains: nginx asks dnsmasq, which answers the others", async () => {
  const { status, out } = await caller.run(["reach", "nginx"]);
  expect(status).toBe(0);
  expect(out.split("\n").filter((line) => line.length > 80)).toEqual([]);
  expect(words(out)).toMatch(
    new RegExp(
      "sshd is at level warning: it holds nothing back, whatever its policy says A break-in into " +
        "nginx directly reaches \\d+ other domains, and nothing outside every domain\\.",
    ),
  );
  expect(out).toMatch(
    /\n {2}can talk to dnsmasq\n {4}may connect to tcp 127\.0\.0\.1:53, where dnsmasq may listen/,
  );
  expect(out).toMatch(
    / {6}by {4}connect tcp 53 \(name-service\.yaml:\d+\)\n {6}it {4}listen tcp 53 \(dnsmasq\.yaml:/,
  );
  expect(out).toContain("\ndirectly from nginx\n");
  expect(out).toContain("after 1 hop: nginx > dnsmasq\n");
});

/** Half a million states are made twice, milliseconds. */
const HUGE_MS = 600_000;

const huge = "a domain whose names no host can hold starts nowhere, and is left out";
test(huge, { timeout: HUGE_MS }, async () => {
  const [folder = ""] = caller.places.policies;
  mkdirSync(folder, { recursive: true, mode: PUBLIC_FOLDER });
  writeFileSync(join(folder, "huge.yaml"), `files: ["r /*a${"?".repeat(24)}"]\n`, {
    mode: PUBLIC_FILE,
  });
  const { status, out } = await caller.run(["reach", "nginx"]);
  expect([status, out.includes("huge")]).toEqual([0, false]);
  const own = await caller.run(["reach", "huge"]);
  expect(own.status).not.toBe(0);
  expect(words(own.err)).toMatch(/huge: .*need more than \d+ automaton states/);
});

test("a policy in a file, the graph as JSON and as a picture", async () => {
  const file = join(caller.folder, "tool.yaml");
  const policy = "files: [w /etc/nginx/nginx.conf, rwc /etc/cron.d/*]\nlevel: warning\n";
  writeFileSync(file, policy, { mode: PUBLIC_FILE });
  const svg = join(caller.folder, "tool.svg");
  const { status, out } = await caller.run(["reach", "--policy", file, "--json", "--svg", svg]);
  expect(status).toBe(0);
  const { domain, reached, hops } = JSON.parse(out);
  expect([domain, reached[0]]).toEqual([
    "tool",
    { domain: "tool", level: "warning", hops: 0, from: null },
  ]);
  expect(hops[0]).toMatchObject({ from: "tool", to: OUTSIDE, control: "code" });
  expect(hops[0].ways.map(({ how }: { how: string }) => how)).toEqual([
    "is at level warning: nothing is held back",
    expect.stringMatching(/^may write \/etc\/cron\.d\/\S+, which superDom may execute$/),
    expect.stringMatching(/^may write \/etc\/\S+, which superDom may read$/),
  ]);
  const toNginx = hops.find(({ to }: { to: string }) => to === "nginx");
  expect(toNginx).toMatchObject({
    control: "data",
    ways: [
      {
        witness: "/etc/nginx/nginx.conf",
        mine: { file, line: 1, text: "w /etc/nginx/nginx.conf" },
        theirs: { text: "r /etc/nginx/**" },
      },
    ],
  });
  const picture = readFileSync(svg, "utf8");
  expect(picture).toMatch(
    /^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg" width="\d+"[\s\S]*<\/svg>\n$/,
  );
  for (const text of ["tool", "nginx", "outside every domain"])
    expect(picture).toContain(`>${text}</text>`);
});

test("an unknown domain, and a picture that cannot be written, are told", async () => {
  expect((await caller.run(["reach", "ngnix"])).err).toContain("did you mean `nginx`?");
  const missing = join(caller.folder, "missing", "a.svg");
  const { status, err } = await caller.run(["reach", "--svg", missing, "vm@x"]);
  expect(status).toBe(3);
  expect(words(err)).toContain(`${missing} cannot be written`);
});

test("what a name contains acts neither on the terminal nor in the picture", () => {
  const way = {
    control: "data" as const,
    how: 'may write /srv/\x1b[2J<script>"&, which b may read',
    ...{ witness: "/srv/x", exists: true, mine: null, theirs: null },
  };
  const hostile: Reach = {
    domain: "a",
    reached: [
      { domain: "a", level: "enforcing", hops: 0, from: null },
      { domain: "b", level: "enforcing", hops: 1, from: "a" },
    ],
    hops: [{ from: "a", to: "b", control: "data", ways: [way] }],
  };
  for (const text of [renderReach(hostile, { width: 80 }), reachPicture(hostile)])
    expect(text).not.toContain("\x1b");
  expect(reachPicture(hostile)).toContain("&lt;script&gt;&quot;&amp;");
  expect(reachPicture(hostile)).not.toContain("<script");
});
