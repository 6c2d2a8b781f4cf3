import { execFileSync } from "node:child_process";
import * as fs from "node:fs";
import { connect } from "node:tls";
import { afterEach, beforeEach, expect, test } from "vitest";
import { freePort } from "../support/free-port.ts";
import { skipUnless } from "../support/skip.ts";
import { LateScene } from "./scene.ts";

const nginx = "/usr/sbin/nginx";

let scene: LateScene;
beforeEach((context) => skipUnless(context, fs.existsSync(nginx), "nginx is not installed"));
afterEach(() => scene.close());

/** A certificate for `name` in place of the one that is there, as an ACME client renews it. */
function renew(name: string): void {
  const { tree } = scene;
  const [key, certificate] = [`${tree}/tls/key.pem`, `${tree}/tls/certificate.pem`];
  const made = ["-keyout", `${key}.new`, "-out", `${certificate}.new`];
  const how = ["-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];
  execFileSync("openssl", ["req", ...how, ...made, "-subj", `/CN=${name}`], { stdio: "pipe" });
  for (const file of [key, certificate]) fs.renameSync(`${file}.new`, file);
}

function configuration(port: number): string {
  const { tree } = scene;
  return `
master_process on; worker_processes 1; pid ${tree}/run/nginx.pid; daemon off;
error_log ${tree}/run/error.log notice;
events { worker_connections 64; }
http {
  access_log off;
  ${["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
    .map((name) => `${name}_temp_path ${tree}/run/${name};`)
    .join(" ")}
  server {
    listen 127.0.0.1:${port} ssl;
    ssl_certificate ${tree}/tls/certificate.pem; ssl_certificate_key ${tree}/tls/key.pem;
  }
}
`;
}

/** The name in the certificate that the server shows; null while it does not serve. */
function shownBy(port: number): Promise<string | null> {
  return new Promise((resolve) => {
    const socket = connect({ host: "127.0.0.1", port, rejectUnauthorized: false });
    socket.once("secureConnect", () => {
      resolve(String(socket.getPeerCertificate().subject.CN));
      socket.destroy();
    });
    socket.once("error", () => resolve(null));
  });
}

test.each([
  { lateNames: "brokered", after: "renewed.example" },
  { lateNames: "brokered-blocking", after: "renewed.example" },
  { lateNames: "sealed", after: "first.example" },
])("late-names: $lateNames: after a renewal and a reload nginx serves $after", async (row) => {
  scene = new LateScene();
  const { tree } = scene;
  for (const folder of ["tls", "run"]) scene.makeFolder(`${tree}/${folder}`);
  renew("first.example");
  const port = await freePort();
  fs.writeFileSync(`${tree}/nginx.conf`, configuration(port));
  const grants = [
    ...[`rx ${nginx}`, "r @/nginx.conf", "r /usr/lib/nginx/modules/** /usr/share/nginx/**"],
    ...["rwcda @/run/**", "r @/tls/*.pem", "r /etc/ssl/openssl.cnf /etc/passwd /etc/group"],
  ];
  const network = `network: [listen tcp ${port}]\nsignals: [self]\n`;
  scene.grant(grants, row.lateNames, `${network}capabilities: [setuid, setgid, chown]\n`);
  const inside = scene.start([nginx, "-c", `${tree}/nginx.conf`]);
  const log = () => fs.readFileSync(`${tree}/run/error.log`, "utf8");
  try {
    await expect.poll(() => shownBy(port)).toBe("first.example");
    const worker = /start worker process \d+/g;
    const before = log().match(worker)?.length;
    renew("renewed.example");
    inside.process.kill("SIGHUP");
    const done = () =>
      log().includes("Permission denied") || log().match(worker)?.length !== before;
    await expect.poll(done).toBe(true);
    await expect.poll(() => shownBy(port)).toBe(row.after);
    expect(log().includes("Permission denied")).toBe(row.lateNames === "sealed");
  } finally {
    inside.process.kill("SIGTERM");
    await inside.end();
  }
});
